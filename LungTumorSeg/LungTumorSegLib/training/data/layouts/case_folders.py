"""A folder a case: ``CASE/ct.nii.gz`` or a DICOM series, with the masks beside or among it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....volume.regions import dicom_kinds
from ....wording import first_names
from ..case_files import MASK_SUFFIXES, SUFFIXES, CaseFiles, image_named, stem_of
from .answers import SHOWN

log = logging.getLogger(__name__)

EXPECTED = "CASE/ folders with ct.nii.gz or a DICOM series and tumor.nii.gz, DICOM SEG or RTSTRUCT"
UNKNOWN = ("any_reader", "ignore")  # masks of what is not known
# What people call the tumour's mask; a file of such a name beside a CT "without a tumour" was meant to be it.
MASK_LIKE = re.compile(r"tumou?r|mask|label|seg|lesion|nodule|cancer|gtv", re.IGNORECASE)


def case_folders(folder: Path, annotation: Annotation) -> list[CaseFiles]:
    """List the cases of a folder with a folder for each.

    The CT is ``ct`` in any format that is read, or else the DICOM series in the folder or below it. The tumour is
    ``tumor`` in any format, or else what a DICOM SEG or RTSTRUCT in the folder marks; a folder with none of these is a
    case without a tumour. ``ignore`` and ``any_reader`` are masks of what is not known (what any reader marked is
    ignored unless it is in ``tumor``).

    Raises
    ------
    InputError
        A folder holds images and no CT; or a CT, no ``tumor``, and a file whose name says that it is meant to be one.
    """
    cases = []
    for place in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        ct, mask = image_named(place, "ct"), image_named(place, "tumor", MASK_SUFFIXES)
        if ct is None or mask is None:
            kinds = dicom_kinds(place)
            if ct is None and kinds.ct:
                ct = place / "dicom" if (place / "dicom").is_dir() else place
            if mask is None and kinds.annotated:
                mask = place
        if ct is None and place.name == "nodules":  # `load_nodules` reads them
            continue
        if ct is None:
            _check_no_images(place)
            log.info("%s holds no ct and is no case", place.name)
            continue
        if mask is None:
            _check_no_other_mask(place)
        ignore = tuple(path for name in UNKNOWN if (path := image_named(place, name)))
        cases.append(CaseFiles(place.name, ct, mask, ignore, annotation=annotation))
    return cases


def _check_no_images(place: Path) -> None:
    """Refuse a folder that is a case but for the name of its CT."""
    if images := _images(place, SUFFIXES):
        what = f"a case without a CT: expected ct.nii.gz or a DICOM series, found {first_names(images, SHOWN)}"
        raise InputError(what, place, "name the CT so, or take the folder out")


def _check_no_other_mask(place: Path) -> None:
    """Refuse a mask that would pass unseen, and its case for one without a tumour."""
    for name in _images(place, (*SUFFIXES, ".npz")):
        stem = stem_of(Path(name))
        if stem not in ("ct", *UNKNOWN) and MASK_LIKE.search(stem):
            what = f"a mask of another name: expected tumor.nii.gz, found {name}"
            raise InputError(what, place / name, "name it so if it is the tumour's, or take it out")


def _images(place: Path, suffixes: tuple[str, ...]) -> list[str]:
    names = (path.name for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
    return sorted(name for name in names if name.lower().endswith(suffixes))
