"""Where a data set keeps its CTs and masks."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

log = logging.getLogger(__name__)

SUFFIXES = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case.

    Attributes
    ----------
    name : str
    ct : Path
        A CT file, or a DICOM folder.
    mask : Path or None
        The annotated tumour; ``None`` for a CT known to show none.
    ignore : tuple of Path
        Masks of voxels whose truth is not known: no loss and no score counts them.
    """

    name: str
    ct: Path
    mask: Path | None = None
    ignore: tuple[Path, ...] = ()


def find_cases(folder: str | Path) -> list[CaseFiles]:
    """List the cases of a data set.

    Two layouts are known: the Medical Segmentation Decathlon's (``dataset.json``, ``imagesTr``, ``labelsTr``), and a
    folder a case with ``ct`` (or a ``dicom`` folder) and, where there are any, ``tumor``, ``ignore`` and
    ``any_reader`` masks (what any reader marked is ignored unless it is in ``tumor``).

    Raises
    ------
    InputError
        Where neither layout is found: what was expected, and what was there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("there is no such data folder", folder, "check the path")
    cases = _decathlon(folder) if (folder / "dataset.json").is_file() else _case_folders(folder)
    if not cases:
        found = ", ".join(sorted(p.name for p in folder.iterdir())[:5]) or "nothing"
        raise InputError(
            f"no cases: expected dataset.json with imagesTr and labelsTr, or CASE/ct.nii.gz; found {found}",
            folder,
            "see 'Data sets' in the README",
        )
    with_tumor = sum(case.mask is not None for case in cases)
    log.info("%d cases, %d of them with a tumour mask", len(cases), with_tumor)
    return cases


def _image(folder: Path, stem: str) -> Path | None:
    """Find ``stem`` with a suffix that is read; a name that was meant so but is not read must not pass unseen."""
    found = next((folder / f"{stem}{s}" for s in SUFFIXES if (folder / f"{stem}{s}").is_file()), None)
    other = next((path for path in sorted(folder.glob(f"{stem}.*"))), None)
    if found is None and other is not None:
        raise InputError(f"this is not a format that is read ({', '.join(SUFFIXES)})", other, "convert or remove it")
    return found


def _case_folders(folder: Path) -> list[CaseFiles]:
    cases = []
    for place in sorted(p for p in folder.iterdir() if p.is_dir()):
        ct = _image(place, "ct") or (place / "dicom" if (place / "dicom").is_dir() else None)
        if ct is None:
            log.info("%s holds no ct and is no case", place.name)
            continue
        ignore = tuple(path for name in ("any_reader", "ignore") if (path := _image(place, name)))
        cases.append(CaseFiles(place.name, ct, _image(place, "tumor"), ignore))
    return cases


def _decathlon(folder: Path) -> list[CaseFiles]:
    listing = folder / "dataset.json"
    try:
        entries = json.loads(listing.read_text(encoding="utf-8"))["training"]
        pairs = [(folder / entry["image"], folder / entry["label"]) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("expected a 'training' list of {image, label} pairs", listing, "correct the file") from error
    for path in (path for pair in pairs for path in pair):
        if not path.is_file():
            raise InputError("a file that dataset.json lists is missing", path, "restore it, or take it off the list")
    return [CaseFiles(image.name.split(".")[0], image, label) for image, label in pairs]
