"""DICOM folders and masks apart: ``Images/CASE/*.dcm`` and ``Segmentations/CASE.npz``."""

from __future__ import annotations

from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....wording import first_names
from ..case_files import MASK_SUFFIXES, CaseFiles, stem_of
from .answers import SHOWN, check_folder, contents

EXPECTED = "Images/CASE/*.dcm with Segmentations/CASE.npz"
IMAGES, MASKS = "Images", "Segmentations"
EXPECTED_IMAGES, EXPECTED_MASKS = "a folder CASE of DICOM files for each case", "a mask CASE.npz for each case"


def is_paired(folder: Path) -> bool:
    """Tell whether a folder has this layout, or half of it, or means to by names in other letters."""
    return folder.is_dir() and any(path.name.lower() in (IMAGES.lower(), MASKS.lower()) for path in folder.iterdir())


def paired_folders(folder: Path, annotation: Annotation, allow_missing: bool) -> list[CaseFiles]:
    """List the cases; each has one mask, named after it, with or without more behind (``Case_000_seg.npz``).

    Raises
    ------
    InputError
        One of the two folders is missing or holds no case; a case has no mask or two, or a mask belongs to no case.
        With ``allow_missing`` a mask that is not there is found missing when it is read.
    """
    images, segmentations = folder / IMAGES, folder / MASKS
    check_folder(images, EXPECTED_IMAGES)
    check_folder(segmentations, EXPECTED_MASKS)
    names = sorted(path.name for path in images.iterdir() if path.is_dir() and path.name[0] != ".")
    if not names:
        what = f"expected {EXPECTED_IMAGES}, found {contents(images)}"
        raise InputError(what, images, "make a folder for each case")
    masks = _masks(segmentations, names, allow_missing)
    missing = [name for name in names if name not in masks]
    if missing and not allow_missing:
        wanted = f"{missing[0]}.npz"
        what = f"there is no mask of {missing[0]}: expected {wanted}, found {contents(segmentations, wanted)}"
        raise InputError(what, segmentations, "add it, or leave the case out")
    return [
        CaseFiles(name, images / name, masks.get(name, segmentations / f"{name}.npz"), annotation=annotation)
        for name in names
    ]


def _masks(folder: Path, names: list[str], allow_missing: bool) -> dict[str, Path]:
    """Return the mask of each case that has one."""
    masks: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.name.lower().endswith(MASK_SUFFIXES):
            continue
        owner = _owner(stem_of(path), names)
        if owner is None and not allow_missing:
            there = first_names(names, SHOWN)
            what = f"this mask belongs to no folder in Images: expected the name of one, found {there}"
            raise InputError(what, path, "name it after its case")
        if owner in masks:
            what = f"this is a second mask of {owner}: expected one, found {masks[owner].name} as well"
            raise InputError(what, path, "keep one of them")
        if owner is not None:
            masks[owner] = path
    return masks


def _owner(stem: str, names: list[str]) -> str | None:
    """Return the longest case name that ``stem`` is, or begins with, up to a character that is no letter or digit."""
    fitting = [name for name in names if stem == name or (stem.startswith(name) and not stem[len(name)].isalnum())]
    return max(fitting, key=len, default=None)
