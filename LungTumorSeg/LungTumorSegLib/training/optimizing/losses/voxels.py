"""Logits beside the labels that they should give, voxel by voxel."""

from __future__ import annotations

from functools import cached_property, reduce

import torch
from torch.nn import functional as F

from ...data.cases import IGNORED

SURE = 200.0  # so far below the background's, a label's logit is a probability of 0 in float32, without a gradient


class Voxels:
    """What the terms of a loss are made of; each is computed once, and 0 where the label is not known.

    Softmax depends on the labels' logits relative to the background's alone. These are held, one tensor of shape
    (N, V) a label, and neither truth nor probabilities are expanded to a channel for each class: with one label the
    probability is a sigmoid.

    Parameters
    ----------
    logits : Tensor of shape (N, K, …)
        Of the background and K - 1 labels, in any floating-point precision.
    label : Tensor of shape (N, …), integer
        0 … K - 1, or ``IGNORED``.
    """

    def __init__(self, logits: torch.Tensor, label: torch.Tensor):
        if logits.shape[:1] + logits.shape[2:] != label.shape:
            raise ValueError(f"logits of shape {tuple(logits.shape)} for labels of shape {tuple(label.shape)}")
        self.label = label.flatten(1)
        self._unknown = self.label == IGNORED
        background, *others = (logit.float() for logit in logits.flatten(2).unbind(1))
        # Where nothing is known it is surely background: no cost, no probability, no gradient.
        self._relative = {k: (o - background).masked_fill(self._unknown, -SURE) for k, o in enumerate(others, 1)}
        self._truth = {k: (self.label == k).float() for k in self._relative}

    @property
    def labels(self) -> list[int]:
        """The labels, without the background."""
        return list(self._relative)

    def truth(self, k: int) -> torch.Tensor:
        """1 where label k is right, elsewhere 0: (N, V)."""
        return self._truth[k]

    def probability(self, k: int) -> torch.Tensor:
        """Softmax probability of label k: (N, V)."""
        return self._probability[k]

    @cached_property
    def counts(self) -> torch.Tensor:
        """Number of voxels of each class in each patch: (K, N)."""
        found = [self._truth[k].sum(1) for k in self.labels]
        background = self.label.shape[1] - self._unknown.sum(1) - sum(found)
        return torch.stack([background, *found])

    @cached_property
    def cross_entropy(self) -> torch.Tensor:
        """Negative logarithm of the probability of each voxel's own class: (N, V)."""
        if len(self.labels) == 1:
            return self.against_the_rest(1)
        own = sum(self._relative[k] * self._truth[k] for k in self.labels)
        return (self._normalizer - own).clamp(min=0)  # rounding may leave it a little below

    def against_the_rest(self, k: int) -> torch.Tensor:
        """Cross-entropy of label k against all other classes together: (N, V)."""
        margin = self._relative[k]
        if others := [self._relative[other] for other in self.labels if other != k]:
            margin = margin - _log_sum_exp(others)
        return F.softplus(torch.where(self._truth[k] > 0, -margin, margin))

    def weighted(self, values: torch.Tensor, class_weights: tuple[float, ...] | None) -> torch.Tensor:
        """Multiply values (N, V) by the weight of each voxel's own class."""
        if class_weights is None:
            return values
        background, *others = class_weights
        differences = (self._truth[k] * (weight - background) for k, weight in zip(self.labels, others, strict=True))
        return values * (background + sum(differences))

    @cached_property
    def _normalizer(self) -> torch.Tensor:
        """Negative logarithm of the background's probability: (N, V)."""
        return _log_sum_exp(list(self._relative.values()))

    @cached_property
    def _probability(self) -> dict[int, torch.Tensor]:
        if len(self.labels) == 1:
            return {1: torch.sigmoid(self._relative[1])}
        return {k: torch.exp(relative - self._normalizer) for k, relative in self._relative.items()}


def _log_sum_exp(values: list[torch.Tensor]) -> torch.Tensor:
    """Return log(1 + exp(a) + exp(b) + …)."""
    return reduce(torch.logaddexp, values[1:], F.softplus(values[0]))
