"""What is told of an epoch: terms of the loss, Dice of each label, F1 of the classes; over the patches trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...evaluation.subtypes import macro_f1
from ...recipe.schema import Recipe
from ..watching.reports import EpochReport
from .losses.joint import JointLoss


@dataclass(frozen=True)
class Figures:
    """How the figures lie in the vector that is added up over the steps of an epoch.

    Attributes
    ----------
    parts : tuple of str
        Terms of the loss.
    labels : tuple of str
        Names of the labels, from 1.
    classes : int
        0 without a head.
    """

    parts: tuple[str, ...]
    labels: tuple[str, ...]
    classes: int

    @classmethod
    def of(cls, recipe: Recipe, loss: JointLoss) -> Figures:
        """Lay them out for a recipe."""
        labels = tuple(recipe.labels[k] for k in sorted(recipe.labels))
        return cls(loss.parts, labels, len(recipe.classification.names) if recipe.classification else 0)

    @property
    def size(self) -> int:
        """Length of the vector: the parts, and the counts of `JointValue`."""
        return len(self.parts) + 2 * len(self.labels) + self.classes**2

    def report(self, epoch: int, loss: float | None, sums: list[float], steps: int) -> EpochReport:
        """Tell of an epoch.

        Parameters
        ----------
        epoch : int
            From 1.
        loss : float or None
            Its mean.
        sums : list of float
            The vector, over ``steps`` steps.
        """
        parts, counts = sums[: len(self.parts)], sums[len(self.parts) :]
        overlaps, matrix = counts[: 2 * len(self.labels)], counts[2 * len(self.labels) :]
        pairs = zip(overlaps[::2], overlaps[1::2], strict=True)
        told = np.reshape(matrix, (self.classes, self.classes)).astype(int) if self.classes else None
        return EpochReport(
            epoch=epoch,
            loss=loss,
            parts={name: value / steps for name, value in zip(self.parts, parts, strict=True) if math.isfinite(value)},
            dice={
                name: 2 * right / both if both else None
                for name, (right, both) in zip(self.labels, pairs, strict=True)
            },
            macro_f1=macro_f1(told) if self.classes else None,
            classified=int(told.sum()) if self.classes else 0,
        )
