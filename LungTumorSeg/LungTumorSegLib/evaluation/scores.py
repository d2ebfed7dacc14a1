"""A data set's scores: per case, and summed up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import fmean, median

MEASURES = ("dice", "relative_volume_error", "recist_relative_error", "hd95_mm", "surface_dice_1mm")


@dataclass(frozen=True)
class CaseScore:
    """How one case went; ``None`` where a measure has no meaning (no tumour to compare with).

    Attributes
    ----------
    reference_ml, predicted_ml : float
        Tumour volumes in mL, without ignored voxels.
    dice, relative_volume_error, recist_relative_error, hd95_mm, surface_dice_1mm : float or None
    lesions, lesions_found : int
        Annotated lesions, and those of them that the mask touches.
    false_positives : int
        Components of the mask that touch no annotated lesion.
    seconds : float
        From the CT in memory to the mask.
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

    @property
    def has_tumor(self) -> bool:
        """Whether the reference shows any tumour."""
        return self.lesions > 0


def score_case(case: str, report: dict, seconds: float) -> CaseScore:
    """Take a case's scores from what `LungTumorSegLib.measurements.measure` found, with a reference."""
    compared = report["reference"]
    return CaseScore(
        case=case,
        reference_ml=compared["volume_ml"],
        predicted_ml=compared["found_volume_ml"],
        **{name: compared[name] for name in MEASURES},
        lesions=len(compared["lesions"]),
        lesions_found=sum(lesion["found"] for lesion in compared["lesions"]),
        false_positives=compared["false_positives"],
        seconds=seconds,
    )


def summarize(scores: list[CaseScore]) -> dict:
    """Sum up: overlap over the cases with a tumour, false positives over all and over the tumour-free.

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
        values = [value for score in with_tumor if (value := getattr(score, name)) is not None]
        summary[f"cases_with_{name}"] = len(values)
        summary[f"mean_{name}"] = fmean(values) if values else None
        summary[f"median_{name}"] = median(values) if values else None
    lesions = sum(score.lesions for score in scores)
    summary["lesions"] = lesions
    summary["sensitivity"] = sum(score.lesions_found for score in scores) / lesions if lesions else None
    summary["false_positives_per_scan"] = fmean(score.false_positives for score in scores) if scores else None
    summary["false_positives_per_tumor_free_scan"] = fmean(s.false_positives for s in without) if without else None
    return summary


def figure(value: float | None, digits: int = 2) -> str:
    """Write a figure, or a dash where it has no value."""
    return "–" if value is None else f"{value:.{digits}f}"


def as_table(scores: list[CaseScore]) -> str:
    """Lay the scores out as a Markdown table, a case a row."""
    lines = [
        "| case | reference mL | found mL | Dice | volume error | RECIST error | HD95 mm | lesions found "
        "| false positives | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for score in scores:
        lines.append(
            f"| {score.case} | {score.reference_ml:.1f} | {score.predicted_ml:.1f} | {figure(score.dice, 3)} "
            f"| {figure(score.relative_volume_error, 2)} | {figure(score.recist_relative_error, 2)} "
            f"| {figure(score.hd95_mm, 1)} | {score.lesions_found} of {score.lesions} "
            f"| {score.false_positives} | {score.seconds:.1f} |"
        )
    return "\n".join(lines)


def as_dict(scores: list[CaseScore]) -> dict:
    """Return what `evaluate` reports: ``cases`` and ``summary``."""
    return {"cases": [asdict(score) for score in scores], "summary": summarize(scores)}
