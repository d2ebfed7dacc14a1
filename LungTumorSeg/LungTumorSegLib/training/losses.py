"""Dice and cross-entropy, blind where the truth is not known."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..recipe.schema import Loss
from .cases import IGNORED

SMOOTH = 1e-5


def dice_cross_entropy(logits: torch.Tensor, label: torch.Tensor, settings: Loss) -> torch.Tensor:
    """Weighted sum of Dice loss and cross-entropy over the voxels whose label is known.

    Parameters
    ----------
    logits : Tensor of shape (N, K, z, y, x)
    label : Tensor of shape (N, z, y, x), integer
        0 … K-1, or ``IGNORED``.
    settings : Loss
        Weights; ``squared_denominator`` is S0's equation 1 (Milletari 2016).

    Returns
    -------
    Tensor, scalar
        The Dice term is pooled over the batch, so patches without foreground do not dominate it; background is left
        out of it.
    """
    known = label != IGNORED
    target = torch.where(known, label, 0).long()
    cross_entropy = (F.cross_entropy(logits, target, reduction="none") * known).sum() / known.sum().clamp(min=1)
    probability = torch.softmax(logits, dim=1)[:, 1:] * known[:, None]
    truth = F.one_hot(target, logits.shape[1]).movedim(-1, 1)[:, 1:] * known[:, None]
    axes = (0, 2, 3, 4)
    power = 2 if settings.squared_denominator else 1
    overlap = (probability * truth).sum(axes)
    size = (probability**power).sum(axes) + truth.sum(axes)
    dice = 1 - (2 * overlap + SMOOTH) / (size + SMOOTH)
    return settings.dice * dice.mean() + settings.cross_entropy * cross_entropy
