"""Scores of a recipe with several labels, class by class: confusion matrices, and the Dice that follows from them.

A case's Dice of a class has no value where the reference holds none of the class: a network that rightly finds nothing
has not failed, and one that finds a speck has not failed altogether. The pooled Dice, of the voxels of all cases
together, counts that speck, and leaves nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from ..volume.boxes import bounding_box
from .intervals import Bootstrap

BACKGROUND = "Background"


@dataclass(frozen=True)
class CaseConfusion:
    """How the classes of one case were told apart.

    Attributes
    ----------
    case : str
    voxels : list of list of int
        A row for each class of the reference, a column for each predicted one, the background first.
    """

    case: str
    voxels: list

    def __post_init__(self) -> None:
        sizes = {len(self.voxels), *(len(row) if isinstance(row, list) else 0 for row in self.voxels)}
        if len(sizes) > 1 or not all(type(count) is int and count >= 0 for row in self.voxels for count in row):
            raise ValueError(f"voxels is {self.voxels!r}, and no square matrix of counts")

    @property
    def matrix(self) -> np.ndarray:
        """The voxels as an array: rows of the reference, columns of the prediction."""
        return np.array(self.voxels, dtype=np.int64)


def confuse(
    case: str, reference: np.ndarray, predicted: np.ndarray, labels: int, ignore: np.ndarray | None = None
) -> CaseConfusion:
    """Count the voxels of a case by what they are and what they were taken for.

    Parameters
    ----------
    case : str
    reference, predicted : unsigned integer ndarray, zyx
        0 background, 1… the labels.
    labels : int
        Number of labels, without the background.
    ignore : ndarray of bool, zyx, optional
        Voxels that do not count.
    """
    classes = labels + 1
    known = reference.size if ignore is None else reference.size - int(np.count_nonzero(ignore))
    box = bounding_box((reference != 0) | (predicted != 0))
    flat = reference[box].astype(np.intp) * classes + predicted[box]
    flat = flat if ignore is None else flat[~ignore[box]]
    counts = np.bincount(flat.ravel(), minlength=classes**2)
    counts[0] += known - flat.size  # what lies beyond the box is background to both
    return CaseConfusion(case, counts.reshape(classes, classes).tolist())


def dice_of_each_class(matrix: np.ndarray) -> list[float | None]:
    """Return the Dice coefficient of each class of a confusion matrix; None for one that the reference lacks."""
    right, annotated, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return [
        float(2 * r / (a + p)) if a else None
        for r, a, p in zip(right.tolist(), annotated.tolist(), predicted.tolist(), strict=True)
    ]


def mean_dice_of_labels(confusion: CaseConfusion) -> float | None:
    """Return the mean Dice of the labels that a case holds, each as weighty; None where it holds none."""
    values = [dice for dice in dice_of_each_class(confusion.matrix)[1:] if dice is not None]
    return fmean(values) if values else None


def summarize_classes(confusions: list[CaseConfusion], labels: dict[int, str], bootstrap: Bootstrap) -> dict:
    """Sum up over the cases of a data set.

    Parameters
    ----------
    confusions : list of CaseConfusion
        One at least.
    labels : dict of int to str
        The recipe's.
    bootstrap : Bootstrap
        For the interval of each mean.

    Returns
    -------
    dict
        ``names`` of the classes, the background first; ``voxels``, the confusion matrix of all cases together, as a
        list of rows; for each class, in this order, ``pooled_dice``, ``cases`` (whose reference holds it), and over
        these ``mean_dice``, ``mean_dice_ci95`` and ``median_dice``; ``dice_of_each_case``.
    """
    total = sum(confusion.matrix for confusion in confusions)
    of_each_case = {confusion.case: dice_of_each_class(confusion.matrix) for confusion in confusions}
    names = [BACKGROUND, *(labels[number] for number in sorted(labels))]
    columns = [[dice[k] for dice in of_each_case.values() if dice[k] is not None] for k in range(len(names))]
    return {
        "names": names,
        "voxels": total.tolist(),
        "pooled_dice": dice_of_each_class(total),
        "cases": [len(values) for values in columns],
        "mean_dice": [fmean(values) if values else None for values in columns],
        "mean_dice_ci95": [bootstrap.mean(values) for values in columns],
        "median_dice": [median(values) if values else None for values in columns],
        "dice_of_each_case": of_each_case,
    }
