"""DICOM folders and masks apart: ``Images/CASE/*.dcm`` and ``Segmentations/CASE.npz``."""

from __future__ import annotations

from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....wording import first_names
from ..case_files import MASK_SUFFIXES, CaseFiles, stem_of

SHOWN = 5  # names in a message
EXPECTED = "Images/CASE/*.dcm with Segmentations/CASE.npz"
HALVES = ("Images", "Segmentations")


def is_paired(folder: Path) -> bool:
    """Tell whether a data set has this layout, or half of it."""
    return any((folder / name).is_dir() for name in HALVES)


def paired_folders(folder: Path, annotation: Annotation, allow_missing: bool) -> list[CaseFiles]:
    """List the cases; each has one mask, named after it, with or without more behind (``Case_000_seg.npz``).

    Raises
    ------
    InputError
        One of the two folders is missing; a case has no mask or two, or a mask belongs to no case. With
        ``allow_missing`` a mask that is not there is found missing when it is read.
    """
    for name in HALVES:
        if not (folder / name).is_dir():
            there = first_names(sorted(path.name for path in folder.iterdir()), SHOWN)
            raise InputError(f"there is no folder {name}: expected {EXPECTED}, found {there}", folder, "rename it")
    names = sorted(path.name for path in (folder / "Images").iterdir() if path.is_dir() and path.name[0] != ".")
    masks: dict[str, Path] = {}
    for path in sorted((folder / "Segmentations").iterdir()):
        if path.name.startswith(".") or not path.name.lower().endswith(MASK_SUFFIXES):
            continue
        owner = _owner(stem_of(path), names)
        if owner is None and not allow_missing:
            there = first_names(names, SHOWN) or "none"
            what = f"this mask belongs to no folder in Images: expected the name of one, found {there}"
            raise InputError(what, path, "name it after its case")
        if owner in masks:
            raise InputError(f"this is a second mask of {owner}", path, "keep one of them")
        if owner is not None:
            masks[owner] = path
    missing = [name for name in names if name not in masks]
    if missing and not allow_missing:
        there = first_names([path.name for path in masks.values()], SHOWN) or "none"
        what = f"there is no mask of {missing[0]}: expected {missing[0]}.npz, found {there}"
        raise InputError(what, folder / "Segmentations", "add it, or leave the case out")
    expected = folder / "Segmentations"
    return [
        CaseFiles(name, folder / "Images" / name, masks.get(name, expected / f"{name}.npz"), annotation=annotation)
        for name in names
    ]


def _owner(stem: str, names: list[str]) -> str | None:
    """Return the longest case name that ``stem`` is, or begins with, up to a character that is no letter or digit."""
    fitting = [name for name in names if stem == name or (stem.startswith(name) and not stem[len(name)].isalnum())]
    return max(fitting, key=len, default=None)
