"""Which files of a folder are taken: CT images, structure sets and segmentations.

What else hospitals send along (dose reports, screen captures, letters) shows names in its pictures and texts, where no
profile reaches, and serves no training.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError
from ..volume.dicom_headers import CT_IMAGE, ENHANCED_CT_IMAGES, files_below, is_dicom_file

RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
KINDS = {CT_IMAGE: "CT", RT_STRUCTURE_SET: "RTSTRUCT", SEGMENTATION: "SEG"} | dict.fromkeys(ENHANCED_CT_IMAGES, "CT")


@dataclass(frozen=True)
class Source:
    """A case to be anonymized.

    Attributes
    ----------
    folder : Path
        Its DICOM files lie here or below.
    mask : Path or None
        A file of voxels that goes with it, named after it.
    recursive : bool
        Whether subfolders belong to it.
    """

    folder: Path
    mask: Path | None = None
    recursive: bool = True


@dataclass
class Found:
    """The files of a case.

    Attributes
    ----------
    taken : list of (Path, str)
        DICOM files, with their kind.
    left_out : Counter of str
        Other DICOM objects, by the standard's name of their kind.
    not_dicom, damaged : list of Path
    """

    taken: list[tuple[Path, str]] = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)
    not_dicom: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)


def sources_in(folder: Path) -> list[Source]:
    """Take each folder directly in ``folder`` for a case, and the files directly in it for another."""
    sources = [Source(place) for place in sorted(folder.iterdir()) if place.is_dir() and place.name[0] != "."]
    if any(path.is_file() for path in folder.iterdir()):
        sources.insert(0, Source(folder, recursive=False))
    return sources


def find_files(source: Source) -> Found:
    """Sort out the files of a case."""
    found = Found()
    files = files_below(source.folder) if source.recursive else sorted(source.folder.iterdir())
    for path in files:
        if not path.is_file() or path.name.startswith("."):
            continue
        try:
            if not is_dicom_file(path):
                found.not_dicom.append(path)
                continue
            sop_class = _sop_class(path)
        except (OSError, InputError):
            (found.damaged if _has_magic(path) else found.not_dicom).append(path)
            continue
        if sop_class in KINDS:
            found.taken.append((path, KINDS[sop_class]))
        else:
            found.left_out[sop_class.name] += 1
    found.taken.sort(key=lambda taken: taken[1])  # CT first; names stay in order
    return found


def _has_magic(path: Path) -> bool:
    """Tell whether a file says of itself that it is DICOM; one that cannot be opened counts as such."""
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return True


def _sop_class(path: Path):
    """Return the UID of what kind of object a file holds."""
    from pydicom import dcmread
    from pydicom.uid import UID

    try:
        header = dcmread(path, stop_before_pixels=True, force=True, specific_tags=["SOPClassUID"])
        return UID(header.get("SOPClassUID") or header.file_meta.MediaStorageSOPClassUID)
    except Exception as error:  # whatever a damaged file leads a parser to
        raise InputError("is a damaged DICOM file", path) from error
