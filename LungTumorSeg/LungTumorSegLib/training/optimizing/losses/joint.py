"""The loss of a step, mask and class together, and what is told of it after each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from ....networks.classification import MasksAndClasses
from ....recipe.schema import Recipe
from ...data.cases import IGNORED
from .classification import ClassificationTerm, confuse
from .segmentation import Reduce, SegmentationLoss, alone, make_loss

CLASSIFICATION = "classification"


class JointValue(NamedTuple):
    """What a batch of all processes gave.

    Attributes
    ----------
    total : Tensor, scalar
        What is made small.
    parts : Tensor of shape (P,)
        The terms it is made of, unweighted, by `JointLoss.parts`; NaN for one that does not count in this epoch.
    counts : Tensor of shape (2 K + C C,)
        For each of K labels the voxels found rightly, and the sum of those found and those true; then how C classes
        were told apart, row by row.
    """

    total: torch.Tensor
    parts: torch.Tensor
    counts: torch.Tensor


@dataclass(frozen=True)
class JointLoss:
    """The mask's loss, and the head's with its weight, where there is a head.

    Attributes
    ----------
    segmentation : SegmentationLoss
    classification : ClassificationTerm or None
    labels : int
    """

    segmentation: SegmentationLoss
    classification: ClassificationTerm | None
    labels: int

    @classmethod
    def of(cls, recipe: Recipe) -> JointLoss:
        """Build what a recipe in numbers describes."""
        training, head = recipe.training, recipe.classification
        term = ClassificationTerm.of(training.classification, len(head.names)) if head else None
        return cls(make_loss(training.loss), term, len(recipe.labels))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the terms."""
        return (*self.segmentation.terms_used, *([CLASSIFICATION] if self.classification else []))

    def __call__(
        self,
        answer: torch.Tensor | list[torch.Tensor] | MasksAndClasses,
        label: torch.Tensor,
        classes: torch.Tensor,
        *,
        epoch: int = 0,
        reduce: Reduce = alone,
    ) -> JointValue:
        """Compare what a network answered in training mode with the truth.

        Parameters
        ----------
        answer
            Of a network of `LungTumorSegLib.networks.network_of`.
        label : Tensor of shape (N, z, y, x), integer
        classes : Tensor of shape (N,), integer
            Of each patch, or ``NO_CLASS``.
        epoch, reduce
            As of `SegmentationLoss`; ``reduce`` is called once more.
        """
        masks = answer.masks if isinstance(answer, MasksAndClasses) else answer
        terms = self.segmentation.parts(masks, label, epoch=epoch, reduce=reduce)
        total = self.segmentation.weigh(terms, epoch)
        finest = masks if isinstance(masks, torch.Tensor) else masks[0]
        sums = [_overlaps(finest.detach(), label, self.labels)]
        if self.classification:
            sums = [self.classification.sums(answer.classes, classes), *sums, confuse(answer.classes, classes).ravel()]
        sums = reduce(torch.cat(sums))
        if self.classification:
            terms[CLASSIFICATION] = self.classification.value(sums[:2])
            total = total + self.classification.weight * terms[CLASSIFICATION]
            sums = sums[2:]
        nothing = total.new_full((), float("nan"))
        parts = torch.stack([terms.get(name, nothing).detach() for name in self.parts])
        return JointValue(total, parts, sums.detach())


def _overlaps(logits: torch.Tensor, label: torch.Tensor, labels: int) -> torch.Tensor:
    """Return, label by label, the voxels found rightly and the sum of those found and those true: (2 K,)."""
    known = label != IGNORED
    found = torch.where(known, logits.argmax(1), torch.zeros((), dtype=torch.long, device=logits.device))
    pairs = []
    for k in range(1, labels + 1):
        mine, true = found == k, label == k
        pairs += [(mine & true).sum(), mine.sum() + true.sum()]
    return torch.stack(pairs).float()
