"""Cross-entropy of the classes that a head tells, over the patches that show what it is to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ....recipe.schema import ClassificationLoss
from ...patches.patch import NO_CLASS


@dataclass(frozen=True)
class ClassificationTerm:
    """Mean cross-entropy of the patches that have a class, weighted as `torch.nn.CrossEntropyLoss` does.

    As `LungTumorSegLib.training.optimizing.losses.terms.Term`, in two steps: sums of a process, and the mean of all.

    Attributes
    ----------
    weight : float
        Beside the loss of the mask.
    class_weights : tuple of float
        One for each class.
    """

    weight: float
    class_weights: tuple[float, ...]

    @classmethod
    def of(cls, settings: ClassificationLoss, classes: int) -> ClassificationTerm:
        """Build it from a recipe in numbers."""
        if isinstance(settings.class_weights, str):
            raise ValueError("balanced class weights follow from training data, and are still to be taken from it")
        return cls(settings.weight, settings.class_weights or (1.0,) * classes)

    def sums(self, logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Add up (costs, weights): of shape (2,).

        Where no patch has a class both are 0, and yet depend on the logits: all processes of a run then have a
        gradient for the head, of 0.

        Parameters
        ----------
        logits : Tensor of shape (N, classes)
        classes : integer Tensor of shape (N,)
            ``NO_CLASS`` for a patch that the head does not learn from.
        """
        weights = torch.tensor((*self.class_weights, 0.0), device=logits.device)  # NO_CLASS is the last one
        cost = F.cross_entropy(logits.float(), classes, weights[:-1], ignore_index=NO_CLASS, reduction="none")
        return torch.stack([cost.sum(), weights[classes].sum()])

    def value(self, sums: torch.Tensor) -> torch.Tensor:
        """Divide; 0 where no patch had a class."""
        return sums[0] / torch.where(sums[1] > 0, sums[1], torch.ones_like(sums[1]))


def confuse(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Count true (rows) and told (columns) classes of the patches that have one: (classes, classes), float32."""
    count = logits.shape[1]
    known = classes != NO_CLASS
    cell = torch.where(known, classes * count + logits.argmax(1), torch.full_like(classes, count**2))
    return F.one_hot(cell, count**2 + 1).sum(0)[:-1].view(count, count).float()
