"""A case's scores, and those of a data set summed up."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

from .intervals import Bootstrap

MEASURES = ("dice", "relative_volume_error", "recist_relative_error", "hd95_mm", "surface_dice_1mm")


@dataclass(frozen=True)
class CaseScore:
    """How one case went; ``None`` where a measure has no meaning (nothing annotated to compare with).

    It is about the recipe's lesions, which are called tumour here. Where none of its labels is one, it is about its
    organs: these have volumes and surfaces, but nothing of them is counted, and nothing has a RECIST axis.

    Attributes
    ----------
    reference_ml, predicted_ml : float
        Volumes in mL, without ignored voxels.
    dice, relative_volume_error, recist_relative_error, hd95_mm, surface_dice_1mm : float or None
    lesions, lesions_found : int
        Annotated lesions, and those of them that the mask touches.
    false_positives : int
        Components of the mask that touch no annotated lesion.
    seconds : float
        From the CT in memory to the mask.
    slice_spacing_mm : float or None
        Distance of the CT's axial slices.
    """

    case: str
    reference_ml: float
    predicted_ml: float
    dice: float | None
    relative_volume_error: float | None
    recist_relative_error: float | None
    hd95_mm: float | None
    surface_dice_1mm: float | None
    lesions: int
    lesions_found: int
    false_positives: int
    seconds: float
    slice_spacing_mm: float | None = None

    @property
    def has_tumor(self) -> bool:
        """Whether the reference shows any (of the organs, where the recipe has no lesions)."""
        return self.reference_ml > 0


def score_case(case: str, report: dict, seconds: float, slice_spacing_mm: float | None = None) -> CaseScore:
    """Take a case's scores from what `LungTumorSegLib.measurements.measure` found, with a reference.

    A case without a tumour has no overlap, whatever the network found in it: a Dice of 0, as two masks of which one is
    empty have it, would say the same of a small false positive as of a large one. ``false_positives`` tells.

    Parameters
    ----------
    case : str
    report : dict
    seconds : float
        That the prediction took.
    slice_spacing_mm : float, optional
        Distance of the CT's slices along the axis nearest to superior.
    """
    compared = report["reference"]
    measured = {name: compared[name] if compared["volume_ml"] > 0 else None for name in MEASURES}
    return CaseScore(
        case=case,
        reference_ml=compared["volume_ml"],
        predicted_ml=compared["found_volume_ml"],
        **measured,
        lesions=len(compared["lesions"]),
        lesions_found=sum(lesion["found"] for lesion in compared["lesions"]),
        false_positives=compared["false_positives"],
        seconds=seconds,
        slice_spacing_mm=slice_spacing_mm,
    )


def summarize(scores: list[CaseScore]) -> dict:
    """Sum up: overlap over the cases that are annotated, false positives over all and over the tumour-free.

    Returns
    -------
    dict
        ``None`` stands where no case counts towards a figure. With few cases a mean says little; ``cases`` comes
        first for that reason. A missed tumour has no HD95: ``cases_with_hd95_mm`` says over how many the mean is.
    """
    with_tumor = [score for score in scores if score.has_tumor]
    without = [score for score in scores if not score.has_tumor]
    summary = {"cases": len(scores), "cases_with_tumor": len(with_tumor), "cases_without_tumor": len(without)}
    for name in MEASURES:
        values = values_of(scores, name)
        summary[f"cases_with_{name}"] = len(values)
        summary[f"mean_{name}"] = fmean(values) if values else None
        summary[f"median_{name}"] = median(values) if values else None
    lesions = sum(score.lesions for score in scores)
    summary["lesions"] = lesions
    summary["sensitivity"] = sum(score.lesions_found for score in scores) / lesions if lesions else None
    summary["false_positives_per_scan"] = fmean(score.false_positives for score in scores) if scores else None
    summary["false_positives_per_tumor_free_scan"] = fmean(s.false_positives for s in without) if without else None
    return summary


def confidence_intervals(scores: list[CaseScore], bootstrap: Bootstrap) -> dict:
    """Return the interval (low, high) of each figure of `summarize`, by its key; None with too few cases.

    What a figure is averaged over is also what is drawn from: the cases with a tumour, all, or the tumour-free.
    """
    intervals = {}
    for name in MEASURES:
        values = values_of(scores, name)
        intervals[f"mean_{name}"] = bootstrap.mean(values)
        intervals[f"median_{name}"] = bootstrap.median(values)
    intervals["sensitivity"] = bootstrap.ratio([s.lesions_found for s in scores], [s.lesions for s in scores])
    without = [score.false_positives for score in scores if not score.has_tumor]
    intervals["false_positives_per_scan"] = bootstrap.mean([score.false_positives for score in scores])
    intervals["false_positives_per_tumor_free_scan"] = bootstrap.mean(without)
    return intervals


def values_of(scores: list[CaseScore], measure: str) -> list[float]:
    """Return a measure's values over the cases in which it has one; without anything annotated there is no overlap."""
    return [value for score in scores if (value := getattr(score, measure)) is not None]
