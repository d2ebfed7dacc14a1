"""Scores by slice spacing, tumour size and location, as Primakov 2022 reports them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, median

from .intervals import Bootstrap
from .lesions import LesionScore
from .location import DEPTHS, SIDES, THIRDS, WALLS
from .scores import CaseScore, values_of


@dataclass(frozen=True)
class Stratum:
    """A class of a quantity: above ``low`` mm, up to and including ``high`` mm.

    A hundredth of a mm does not count: 3.0000002 mm, as files store it, is 3 mm.
    """

    name: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tell whether a value in mm belongs here."""
        return self.low < round(value, 2) <= self.high


SLICE_SPACING = (Stratum("≤ 1.5 mm", -inf, 1.5), Stratum("1.5–3 mm", 1.5, 3.0), Stratum("> 3 mm", 3.0, inf))
"""By the distance of the slices, which every file tells, where few tell their thickness. To 1.5 mm they are the thin
sections that the Fleischner Society asks for (MacMahon et al., Radiology 2017); 3 mm is usual in radiotherapy."""

TUMOR_SIZE = (
    Stratum("≤ 10 mm", -inf, 10),
    Stratum("10–20 mm", 10, 20),
    Stratum("20–30 mm", 20, 30),
    Stratum("30–50 mm", 30, 50),
    Stratum("50–70 mm", 50, 70),
    Stratum("> 70 mm", 70, inf),
)
"""By the bounds of the T categories of the TNM classification, 8th and 9th edition (T1a to 10 mm, T1b to 20 mm, T1c to
30 mm, T2 to 50 mm, T3 to 70 mm, T4 above). TNM takes the greatest dimension in any plane; here it is RECIST's long
axis, in an axial slice. Up to 30 mm a lesion is called a nodule, above it a mass."""

LOCATIONS = {"side": SIDES, "third": THIRDS, "depth": DEPTHS, "wall": WALLS}


def stratum_of(strata: Sequence[Stratum], value: float) -> str:
    """Return the name of the stratum to which a value in mm belongs."""
    return next(stratum.name for stratum in strata if stratum.holds(value))


def stratify(cases: Sequence[CaseScore], lesions: Sequence[LesionScore], bootstrap: Bootstrap) -> dict[str, dict]:
    """Score each stratum.

    Returns
    -------
    dict
        ``slice_spacing``, ``tumor_size``, ``side``, ``third``, ``depth``, ``wall``: each the strata's names, in order,
        with ``lesions``, ``lesions_found``, ``sensitivity``, ``sensitivity_iou``, ``mean_lesion_dice`` (a missed
        lesion is 0), ``median_lesion_dice``, and the intervals ``sensitivity_ci95`` and ``mean_lesion_dice_ci95``.

        ``slice_spacing`` also has ``cases``, ``cases_with_tumor``, ``mean_dice`` (over those with a tumour),
        ``median_dice``, ``mean_dice_ci95`` and ``false_positives_per_scan``. None stands where nothing counts.
    """
    spacing_of = {case.case: case.slice_spacing_mm for case in cases}
    by_spacing = _grouped(cases, SLICE_SPACING, lambda case: case.slice_spacing_mm)
    of_lesions = _grouped(lesions, SLICE_SPACING, lambda lesion: spacing_of[lesion.case])
    result = {
        "slice_spacing": {
            stratum.name: _case_scores(by_spacing[stratum.name], bootstrap)
            | _lesion_scores(of_lesions[stratum.name], bootstrap)
            for stratum in SLICE_SPACING
        }
    }
    by_size = _grouped(lesions, TUMOR_SIZE, lambda lesion: lesion.long_axis_mm)
    result["tumor_size"] = {stratum.name: _lesion_scores(by_size[stratum.name], bootstrap) for stratum in TUMOR_SIZE}
    for quantity, names in LOCATIONS.items():
        chosen = {name: [lesion for lesion in lesions if getattr(lesion, quantity) == name] for name in names}
        result[quantity] = {name: _lesion_scores(members, bootstrap) for name, members in chosen.items()}
    return result


def _grouped(members: Sequence, strata: Sequence[Stratum], value_of: Callable) -> dict[Hashable, list]:
    """Sort members into strata by name; those without a value belong to none."""
    groups = defaultdict(list)
    for member in members:
        value = value_of(member)
        if value is not None:
            groups[stratum_of(strata, value)].append(member)
    return groups


def _case_scores(cases: Sequence[CaseScore], bootstrap: Bootstrap) -> dict:
    values = values_of(cases, "dice")
    return {
        "cases": len(cases),
        "cases_with_tumor": sum(case.has_tumor for case in cases),
        "mean_dice": fmean(values) if values else None,
        "median_dice": median(values) if values else None,
        "mean_dice_ci95": bootstrap.mean(values),
        "false_positives_per_scan": fmean(case.false_positives for case in cases) if cases else None,
    }


def _lesion_scores(lesions: Sequence[LesionScore], bootstrap: Bootstrap) -> dict:
    by_case = defaultdict(list)
    for lesion in lesions:
        by_case[lesion.case].append(lesion)
    counts = [len(members) for members in by_case.values()]
    found = [sum(lesion.found for lesion in members) for members in by_case.values()]
    overlap = [sum(lesion.dice for lesion in members) for members in by_case.values()]
    total = len(lesions)
    return {
        "lesions": total,
        "lesions_found": sum(found),
        "sensitivity": sum(found) / total if total else None,
        "sensitivity_ci95": bootstrap.ratio(found, counts),
        "sensitivity_iou": sum(lesion.found_iou for lesion in lesions) / total if total else None,
        "mean_lesion_dice": sum(overlap) / total if total else None,
        "mean_lesion_dice_ci95": bootstrap.ratio(overlap, counts),
        "median_lesion_dice": median(lesion.dice for lesion in lesions) if total else None,
    }
