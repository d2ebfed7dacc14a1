"""Lesion by lesion: which were found, how well, and what was found where nothing is.

The rule by which lesions are matched, everywhere in the project:

- A reference lesion is *found* if any predicted voxel lies on it. All predicted components that touch it are taken
  together as its counterpart; ``dice`` and ``iou`` are between the lesion and these.
- As touching is easily done, ``found_iou`` says whether that IoU is above 0.1 as well.
- A predicted component that touches no reference lesion, and does not lie for more than half under the ignore mask, is
  a *false positive*.

A component that spans two reference lesions finds both, at the cost of their Dice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .location import Location

LEAST_IOU = 0.1


@dataclass(frozen=True)
class LesionScore:
    """How one annotated lesion went.

    Attributes
    ----------
    case : str
    number : int
        In the case, from 1, by falling volume.
    volume_ml, long_axis_mm : float
        Of the reference; the long axis is RECIST's.
    side, third, depth, wall : str or None
        See `LungTumorSegLib.evaluation.location`; None where no lungs were found.
    found : bool
        Whether any predicted voxel lies on it.
    found_iou : bool
        Whether its IoU is above `LEAST_IOU`.
    dice, iou : float
        With all the predicted components that touch it.
    """

    case: str
    number: int
    volume_ml: float
    long_axis_mm: float
    side: str | None
    third: str | None
    depth: str | None
    wall: str | None
    found: bool
    found_iou: bool
    dice: float
    iou: float


@dataclass(frozen=True)
class FalsePositive:
    """A predicted component where no tumour is annotated; attributes as in `LesionScore`, of the prediction."""

    case: str
    volume_ml: float
    long_axis_mm: float
    side: str | None
    third: str | None
    depth: str | None
    wall: str | None


Locate = Callable[[list[float], float], Location | None]


def nowhere(point_lps_mm: list[float], long_axis_mm: float) -> None:
    """Locate nothing."""


def score_lesions(case: str, report: dict, locate: Locate = nowhere) -> list[LesionScore]:
    """Take the scores of a case's annotated lesions from what `measure` found, with a reference.

    Parameters
    ----------
    case : str
    report : dict
        As `LungTumorSegLib.measurements.measure` makes it.
    locate : callable
        Tells where a lesion lies, by its centre in LPS mm and its long axis, as
        `LungTumorSegLib.evaluation.location.Thorax.locate` does.
    """
    return [
        LesionScore(
            case=case,
            number=number,
            volume_ml=lesion["volume_ml"],
            long_axis_mm=lesion["long_axis_mm"],
            **_place(lesion, locate),
            found=lesion["found"],
            found_iou=_iou(lesion["dice"]) > LEAST_IOU,
            dice=lesion["dice"],
            iou=_iou(lesion["dice"]),
        )
        for number, lesion in enumerate(report["reference"]["lesions"], start=1)
    ]


def find_false_positives(case: str, report: dict, locate: Locate = nowhere) -> list[FalsePositive]:
    """List a case's false positives; parameters as in `score_lesions`."""
    chosen = [report["lesions"][number] for number in report["reference"]["false_positive_lesions"]]
    return [
        FalsePositive(case, lesion["volume_ml"], lesion["long_axis_mm"], **_place(lesion, locate)) for lesion in chosen
    ]


def _place(lesion: dict, locate: Locate) -> dict[str, str | None]:
    place = locate(lesion["centroid_lps_mm"], lesion["long_axis_mm"])
    return {name: getattr(place, name, None) for name in ("side", "third", "depth", "wall")}


def _iou(dice: float) -> float:
    """Intersection over union of the same two masks: ``D / (2 - D)``."""
    return dice / (2 - dice)
