"""A folder a case: ``CASE/ct.nii.gz`` or a DICOM series, with the masks beside or among it."""

from __future__ import annotations

import logging
from pathlib import Path

from ....recipe.schema import Annotation
from ....volume.regions import dicom_kinds
from ..case_files import MASK_SUFFIXES, CaseFiles, image_named

log = logging.getLogger(__name__)

EXPECTED = "CASE/ folders with ct.nii.gz or a DICOM series and tumor.nii.gz, DICOM SEG or RTSTRUCT"


def case_folders(folder: Path, annotation: Annotation) -> list[CaseFiles]:
    """List the cases of a folder with a folder for each.

    The CT is ``ct`` in any format that is read, or else the DICOM series in the folder or below it. The tumour is
    ``tumor`` in any format, or else what a DICOM SEG or RTSTRUCT in the folder marks; a folder with none of these is a
    case without a tumour. ``ignore`` and ``any_reader`` are masks of what is not known (what any reader marked is
    ignored unless it is in ``tumor``).
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
            log.info("%s holds no ct and is no case", place.name)
            continue
        ignore = tuple(path for name in ("any_reader", "ignore") if (path := image_named(place, name)))
        cases.append(CaseFiles(place.name, ct, mask, ignore, annotation=annotation))
    return cases
