"""Scores of cases and lesions, with all that a test does not care about filled in."""

from __future__ import annotations

from LungTumorSegLib.evaluation import CaseScore, LesionScore


def case_score(case: str, **values) -> CaseScore:
    nothing = dict.fromkeys(
        ("dice", "relative_volume_error", "recist_relative_error", "hd95_mm", "surface_dice_1mm"), None
    )
    volumes = {"reference_ml": 5.0 * values.get("lesions", 0), "predicted_ml": 0.0}
    counts = {"lesions": 0, "lesions_found": 0, "false_positives": 0, **volumes}
    return CaseScore(**{"case": case, "seconds": 1.0, **nothing, **counts, **values})


def lesion_score(case: str, dice: float = 0.8, **values) -> LesionScore:
    place = {"side": "left", "third": "upper", "depth": "central", "wall": "apart"}
    sizes = {"number": 1, "volume_ml": 1.0, "long_axis_mm": 12.0}
    overlap = {"found": dice > 0, "found_iou": dice > 0.5, "dice": dice, "iou": dice / (2 - dice)}
    return LesionScore(**{"case": case, **sizes, **place, **overlap, **values})
