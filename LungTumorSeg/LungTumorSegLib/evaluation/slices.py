"""Accuracy and Dice of each axial slice.

A slice without anything annotated has no Dice: a 0 would say that something was missed there. Its accuracy tells, and
what was found in it is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from ..volume import Volume
from ..volume.orientation import Orientation


@dataclass(frozen=True)
class SliceScore:
    """How one slice went; voxels whose truth is not known count nowhere.

    Attributes
    ----------
    case : str
    number : int
        From 1, the lowest in the body.
    reference_voxels, predicted_voxels : int
    accuracy : float
        Share of voxels that are right, background included; 1 where none is known.
    dice : float or None
        None where nothing is annotated.
    """

    case: str
    number: int
    reference_voxels: int
    predicted_voxels: int
    accuracy: float
    dice: float | None


def score_slices(case: str, found: Volume, reference: Volume, ignore: Volume | None = None) -> list[SliceScore]:
    """Compare two masks slice by slice.

    Parameters
    ----------
    case : str
    found, reference : Volume
        On one grid; any label is foreground.
    ignore : Volume of bool, optional
        Voxels whose truth is not known.
    """
    known = np.ones(found.array.shape, bool) if ignore is None else ~ignore.array
    by_slice = map(Orientation.of(reference.grid).apply, (found.array > 0, reference.array > 0, known))
    scores = []
    for number, (predicted, true, known) in enumerate(zip(*by_slice, strict=True), start=1):
        predicted, true, total = predicted & known, true & known, int(known.sum())
        voxels = int(true.sum()), int(predicted.sum())
        dice = 2 * int((predicted & true).sum()) / sum(voxels) if voxels[0] else None
        accuracy = 1 - int((predicted ^ true).sum()) / total if total else 1.0
        scores.append(SliceScore(case, number, *voxels, accuracy, dice))
    return scores


def summarize_slices(scores: list[SliceScore]) -> dict:
    """Sum up: accuracy over all slices, Dice over those with something annotated.

    Returns
    -------
    dict
        ``None`` stands where no slice counts towards a figure.
    """
    dice = [score.dice for score in scores if score.dice is not None]
    empty = [score for score in scores if score.dice is None]
    return {
        "slices": len(scores),
        "slices_annotated": len(dice),
        "slices_empty": len(empty),
        "slices_empty_with_something_found": sum(score.predicted_voxels > 0 for score in empty),
        "mean_accuracy": fmean(score.accuracy for score in scores) if scores else None,
        "median_accuracy": median(score.accuracy for score in scores) if scores else None,
        "mean_dice": fmean(dice) if dice else None,
        "median_dice": median(dice) if dice else None,
    }
