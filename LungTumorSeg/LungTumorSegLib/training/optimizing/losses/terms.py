"""The terms of a loss, each in two steps: sums over voxels, and what follows from the sums.

Only the first step sees voxels, so a batch can be spread over several processes: their sums are added up, and the
second step gives each of them the loss of the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch

from ....recipe.schema import Loss
from .voxels import Voxels

SMOOTH = 1e-5  # keeps Dice defined where neither the truth nor the network knows a label
TINY = 1e-12  # below a mean, where there is nothing to average


class Term(Protocol):
    """A term of a loss."""

    def sums(self, voxels: Voxels) -> torch.Tensor:
        """Add up over the voxels of some patches: (n,), float32."""

    def value(self, sums: torch.Tensor) -> torch.Tensor:
        """Compute the term, a scalar, from the sums of all patches."""


@dataclass(frozen=True)
class OverlapTerm:
    """One minus an index of overlap, averaged over the labels; the background is left out.

    Attributes
    ----------
    index : callable
        Gives the index of (overlap, predicted, true), the sums over voxels of p g, p ** power and g for probability p
        and truth g.
    power : int
    by_patch : bool
        Average the patches' own terms, rather than pool all patches.
    """

    index: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    power: int
    by_patch: bool

    def sums(self, voxels: Voxels) -> torch.Tensor:
        """Add up (overlap, predicted, true) of each label; or, by patch, each label's terms, and the patches."""
        parts = torch.stack([self._parts(voxels, k) for k in voxels.labels], dim=1)
        if not self.by_patch:
            return parts.sum(2).flatten()
        terms = 1 - self.index(*parts)
        return torch.cat([terms.sum(1), terms.new_full((1,), terms.shape[1])])

    def value(self, sums: torch.Tensor) -> torch.Tensor:
        """Average over the labels, and by patch over the patches."""
        if self.by_patch:
            return sums[:-1].mean() / sums[-1]
        return 1 - self.index(*sums.view(3, -1)).mean()

    def _parts(self, voxels: Voxels, k: int) -> torch.Tensor:
        """Sum up one label in each patch: (3, N)."""
        probability = voxels.probability(k)
        overlap = (probability * voxels.truth(k)).sum(1)
        predicted = (probability if self.power == 1 else probability.square()).sum(1)
        return torch.stack([overlap, predicted, voxels.counts[k]])


def dice(overlap: torch.Tensor, predicted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Soft Dice coefficient; with squared probabilities after Milletari 2016."""
    return (2 * overlap + SMOOTH) / (predicted + true + SMOOTH)


def tversky(
    overlap: torch.Tensor, predicted: torch.Tensor, true: torch.Tensor, *, alpha: float, beta: float
) -> torch.Tensor:
    """Tversky index: ``alpha`` weighs false positives, ``beta`` false negatives (Salehi 2017)."""
    return (overlap + SMOOTH) / (overlap + alpha * (predicted - overlap) + beta * (true - overlap) + SMOOTH)


class MeanTerm:
    """A mean over voxels: its sums are a sum of costs, and what to divide it by."""

    def value(self, sums: torch.Tensor) -> torch.Tensor:
        """Divide."""
        return sums[0] / sums[1].clamp(min=TINY)


@dataclass(frozen=True)
class CrossEntropy(MeanTerm):
    """Cross-entropy, averaged with the weights of the voxels' classes as `torch.nn.CrossEntropyLoss` does.

    Attributes
    ----------
    class_weights : tuple of float or None
    focal_gamma : float
        Each voxel counts by (1 - p) ** gamma for the probability p of its own class (Lin 2017); 0 is cross-entropy.
    """

    class_weights: tuple[float, ...] | None = None
    focal_gamma: float = 0.0

    def sums(self, voxels: Voxels) -> torch.Tensor:
        """Add up costs and weights."""
        cost = voxels.cross_entropy
        if self.focal_gamma:
            cost = cost * (-torch.expm1(-cost)) ** self.focal_gamma
        counts = voxels.counts.sum(1)
        weight = counts if self.class_weights is None else counts * counts.new_tensor(self.class_weights)
        return torch.stack([voxels.weighted(cost, self.class_weights).sum(), weight.sum()])


@dataclass(frozen=True)
class BinaryCrossEntropy(MeanTerm):
    """Cross-entropy of each label against the rest, averaged over voxels and labels."""

    def sums(self, voxels: Voxels) -> torch.Tensor:
        """Add up costs and voxels."""
        cost = sum(voxels.against_the_rest(k).sum() for k in voxels.labels)
        return torch.stack([cost, voxels.counts.sum() * len(voxels.labels)])


@dataclass(frozen=True)
class TopKCrossEntropy(MeanTerm):
    """Mean cross-entropy of the hardest voxels: of each patch its own, so it matters not which process has the patch.

    Attributes
    ----------
    share : float
        Part of a patch's known voxels, rounded down, one at least.
    class_weights : tuple of float or None
        Multiply the costs before the hardest are chosen; the mean is not divided by them.
    """

    share: float
    class_weights: tuple[float, ...] | None = None

    def sums(self, voxels: Voxels) -> torch.Tensor:
        """Add up the chosen voxels' costs, and their number."""
        cost = voxels.weighted(voxels.cross_entropy, self.class_weights)
        known = voxels.counts.sum(0)
        most = max(1, int(cost.shape[1] * self.share))
        chosen = torch.minimum((known * self.share).floor().clamp(1, most), known)
        hardest = cost.topk(most, dim=1).values
        rank = torch.arange(most, device=cost.device)
        return torch.stack([(hardest * (rank < chosen[:, None])).sum(), chosen.sum()])


def make_terms(settings: Loss) -> dict[str, Term]:
    """Build every term that a recipe can weigh, by its name."""
    overlap = partial(OverlapTerm, by_patch=settings.dice_over == "sample")
    return {
        "dice": overlap(dice, power=2 if settings.squared_denominator else 1),
        "cross_entropy": CrossEntropy(settings.class_weights),
        "binary_cross_entropy": BinaryCrossEntropy(),
        "top_k_cross_entropy": TopKCrossEntropy(settings.top_k_share, settings.class_weights),
        "focal": CrossEntropy(settings.class_weights, settings.focal_gamma),
        "tversky": overlap(partial(tversky, alpha=settings.tversky_alpha, beta=settings.tversky_beta), power=1),
    }
