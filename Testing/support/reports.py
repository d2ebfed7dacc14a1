"""Reports of a training run, as its observers get them."""

from __future__ import annotations

from pathlib import Path

from LungTumorSegLib.evaluation import CaseScore, summarize
from LungTumorSegLib.training.watching.reports import ValidationReport


def score(case: str, dice: float | None, false_positives: int = 0) -> CaseScore:
    """Scores of a case with one lesion; of one without a tumour where ``dice`` is None."""
    sick = dice is not None
    return CaseScore(
        case=case,
        reference_ml=5.0 * sick,
        predicted_ml=4.0 * sick,
        dice=dice,
        relative_volume_error=0.2 if sick else None,
        recist_relative_error=0.1 if sick else None,
        hd95_mm=3.0 if sick else None,
        surface_dice_1mm=0.5 if sick else None,
        lesions=int(sick),
        lesions_found=int(sick),
        false_positives=false_positives,
        seconds=1.5,
    )


def validation(step: int, pictures: tuple[Path, ...] = ()) -> ValidationReport:
    """Two cases with a tumour and one without."""
    scores = (score("a", 0.5), score("b", 0.7), score("c", None, false_positives=3))
    return ValidationReport(step, scores, summarize(list(scores)), 4.5, pictures)
