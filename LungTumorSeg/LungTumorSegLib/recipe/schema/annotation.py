"""Which part of an annotation is meant, where a file holds several."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import model_validator

from .part import Part

# Gross tumour volume of the primary, or a word for it; not the margins that radiotherapy adds around it (CTV, PTV),
# not what is left of an organ without it, and not the lymph nodes (GTV-N).
LUNG_TUMOR_ROI = (
    r"^(?!.*(?:[cip]tv|minus|without|peri))"
    r"(?:gtv[ _-]*(?:0*1|p\w*|t\w*)?$|.*(?:tumou?r|neoplasm|lesion|nodule|cancer|carcinoma|\bmass\b))"
)


class Annotation(Part):
    """What is read of a DICOM SEG, an RTSTRUCT or an ``.npz``, of data sets to train on and to score.

    Attributes
    ----------
    rois : dict of int to str
        For each label a regular expression that the names of its segments or ROIs match (searched for, in either
        case). Several that match are united.
    npz_flip : {"auto", "none", "slices", "rows"}
        Along which axis the masks of ``.npz`` files run against the CT; ``auto`` finds out by the CT, case by case.
    """

    rois: dict[int, str] = {1: LUNG_TUMOR_ROI}  # noqa: RUF012 — pydantic copies it
    npz_flip: Literal["auto", "none", "slices", "rows"] = "auto"

    @model_validator(mode="after")
    def _rois_are_expressions(self) -> Annotation:
        for label, text in self.rois.items():
            try:
                re.compile(text)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"rois of label {label}: {text!r} is no regular expression ({error})") from error
        return self
