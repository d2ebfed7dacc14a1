"""The loss that a recipe describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ....recipe.schema import Loss
from .terms import Term, make_terms
from .voxels import Voxels

Reduce = Callable[[torch.Tensor], torch.Tensor]


def make_loss(settings: Loss) -> SegmentationLoss:
    """Build the loss of a recipe's ``training.loss``."""
    return SegmentationLoss(settings, make_terms(settings))


def alone(sums: torch.Tensor) -> torch.Tensor:
    """Return the sums of the only process there is."""
    return sums


@dataclass(frozen=True)
class SegmentationLoss:
    """A weighted sum of terms.

    Attributes
    ----------
    settings : Loss
    terms : dict of str to Term
        By the names of `LungTumorSegLib.recipe.schema.LossWeights`.
    """

    settings: Loss
    terms: dict[str, Term]

    def __call__(
        self,
        logits: torch.Tensor | Sequence[torch.Tensor],
        label: torch.Tensor,
        *,
        epoch: int = 0,
        reduce: Reduce = alone,
    ) -> torch.Tensor:
        """Compare logits with labels: the weighted sum of `parts`, whose parameters it has.

        Returns
        -------
        Tensor, scalar, float32
        """
        return self.weigh(self.parts(logits, label, epoch=epoch, reduce=reduce), epoch)

    def parts(
        self,
        logits: torch.Tensor | Sequence[torch.Tensor],
        label: torch.Tensor,
        *,
        epoch: int = 0,
        reduce: Reduce = alone,
    ) -> dict[str, torch.Tensor]:
        """Compare logits with labels, term by term.

        Parameters
        ----------
        logits : Tensor of shape (N, K, z, y, x), or sequence of such
            Of the background and the labels. Under deep supervision the first is of the label's size, each further one
            coarser; they weigh 1, 1/2, 1/4, … over the sum of these.
        label : Tensor of shape (N, z, y, x), integer
            0 … K - 1, or ``IGNORED``: such voxels change neither the loss nor a gradient.
        epoch : int
            From 0; decides which weights hold.
        reduce : callable
            Adds a vector up over the processes of a run, and in ``backward`` its gradients, as
            `LungTumorSegLib.training.processes.distributed.Ranks.sum` does. It is called once. Every process then has
            the loss of all patches of all processes, and the mean of their gradients is this loss's gradient.

        Returns
        -------
        dict of str to Tensor
            Each term that weighs something in this epoch, unweighted: scalar, float32.
        """
        names = [term for term, weight in self.settings.weights_at(epoch).items() if weight]
        outputs = [logits] if isinstance(logits, torch.Tensor) else list(logits)
        scales = [Voxels(output, _coarsened(label, output.shape[2:])) for output in outputs]
        parts = [
            (name, 0.5**level, self.terms[name].sums(voxels)) for level, voxels in enumerate(scales) for name in names
        ]
        sums = reduce(torch.cat([part for _, _, part in parts])).split([len(part) for _, _, part in parts])
        values = dict.fromkeys(names, 0.0)
        for (name, weight, _), own in zip(parts, sums, strict=True):
            values[name] = values[name] + weight * self.terms[name].value(own)
        of_all_levels = sum(0.5**level for level in range(len(scales)))
        return {name: value / of_all_levels for name, value in values.items()}

    def weigh(self, parts: dict[str, torch.Tensor], epoch: int) -> torch.Tensor:
        """Add the parts up with the weights of this epoch."""
        weights = self.settings.weights_at(epoch)
        return sum(weights[name] * value for name, value in parts.items())

    @property
    def terms_used(self) -> tuple[str, ...]:
        """Names of the terms that weigh something in any epoch."""
        early = self.settings.early.weights() if self.settings.early else {}
        return tuple(name for name, weight in self.settings.weights().items() if weight or early.get(name))


def _coarsened(label: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Take the middle one of every n voxels of labels (N, …) along each axis, to the size of a coarser output."""
    steps = [whole // part for whole, part in zip(label.shape[1:], size, strict=True)]
    if any(part * step != whole for whole, part, step in zip(label.shape[1:], size, steps, strict=True)):
        raise ValueError(f"labels of shape {tuple(label.shape)} for an output of size {tuple(size)}")
    return label[(slice(None), *(slice(step // 2, None, step) for step in steps))]
