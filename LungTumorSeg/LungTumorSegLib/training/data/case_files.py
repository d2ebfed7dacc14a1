"""The files of one case, whatever the layout of its data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import InputError
from ...recipe.schema import Annotation
from ...volume.dicom_headers import files_below

SUFFIXES = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
MASK_SUFFIXES = (*SUFFIXES, ".npz", ".dcm")
DETACHED = (".mhd", ".nhdr")  # headers, with the voxels in a file beside


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case.

    Attributes
    ----------
    name : str
    ct : Path
        A CT file, or a DICOM folder.
    mask : Path or None
        The annotated tumour: a file, or a folder with a DICOM SEG or RTSTRUCT in it; ``None`` for a CT known to show
        none.
    ignore : tuple of Path
        Masks of voxels whose truth is not known: no loss and no score counts them.
    ignore_value : int or None
        Value of ``mask`` that says the same.
    annotation : Annotation
        Which part of a DICOM SEG, RTSTRUCT or ``.npz`` is meant.
    subtype : int or None
        The class of the case's lesions, where the data set has a table of them.
    held_out : bool
        Whether the data set itself names the case for validation.
    for_testing : bool
        Whether it names the case for testing: it is neither trained on nor validated.
    """

    name: str
    ct: Path
    mask: Path | None = None
    ignore: tuple[Path, ...] = ()
    ignore_value: int | None = None
    annotation: Annotation = field(default_factory=Annotation)
    subtype: int | None = None
    held_out: bool = False
    for_testing: bool = False

    def sources(self) -> Iterator[Path]:
        """Yield every file that the case is read from, in a fixed order; what is missing is passed over."""
        for path in dict.fromkeys((self.ct, self.mask, *self.ignore)):
            if path is None:
                continue
            if path.is_dir():
                yield from files_below(path)
            elif path.suffix in DETACHED:
                yield from sorted(path.parent.glob(f"{path.stem}.*"))
            elif path.exists():
                yield path


def image_named(folder: Path, stem: str, suffixes: tuple[str, ...] = SUFFIXES) -> Path | None:
    """Find ``stem`` with a suffix that is read; a name that was meant so but is not read must not pass unseen."""
    found = next((folder / f"{stem}{s}" for s in suffixes if (folder / f"{stem}{s}").is_file()), None)
    other = next((path for path in sorted(folder.glob(f"{stem}.*"))), None)
    if found is None and other is not None and other.is_dir():
        raise InputError(
            f"expected a file ({', '.join(suffixes)}), found a folder", other, "check how it was unpacked"
        )
    if found is None and other is not None:
        raise InputError(f"this is not a format that is read ({', '.join(suffixes)})", other, "convert or remove it")
    return found


def stem_of(path: Path) -> str:
    """Return a file's name without its suffix, both parts of a compound one."""
    name = path.name
    return next((name[: -len(s)] for s in MASK_SUFFIXES if name.lower().endswith(s)), path.stem)
