"""A head that tells a class from the features of a shared encoder, about the lesions that the network itself finds.

A lesion fills a small part of a patch, and instance normalisation brings every feature map to one mean and deviation
over the patch: features averaged over all of it say little about the lesion. What tells classes apart is what the
features are *where the lesion is*, against what they are elsewhere. So the coarsest features are pooled twice: as
their mean weighted by the probability of lesion that the decoder gives, and as their maximum over the whole patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

EVERYWHERE = 0.01  # weight of a voxel without any lesion: where none is found yet, the mean is of the whole patch


class MasksAndClasses(NamedTuple):
    """What a network with a head answers in training mode.

    Attributes
    ----------
    masks : Tensor (N, K, z, y, x), or list of such
        Logits of the mask, as of the network without a head.
    classes : Tensor of shape (N, classes)
        Logits.
    """

    masks: torch.Tensor | list[torch.Tensor]
    classes: torch.Tensor


class ClassificationHead(nn.Module):
    """Pooling, and one linear layer.

    Parameters
    ----------
    features : int
        Of the encoder's coarsest level.
    classes : int
    lesions : sequence of int
        Labels whose probability says where to look.
    dropout : float
        Share of the pooled features that are left out in training.
    """

    def __init__(self, features: int, classes: int, lesions: Sequence[int], dropout: float):
        super().__init__()
        self.lesions = list(lesions)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(2 * features, classes)

    def forward(self, features: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes).

        Parameters
        ----------
        features : Tensor of shape (N, features, z', y', x')
            Of the coarsest level.
        logits : Tensor of shape (N, K, z, y, x)
            Of the mask. The class's loss does not reach the decoder through them.
        """
        features = features.float()
        where = EVERYWHERE + self._lesion(logits, features.shape[2:])
        mean = (features * where).sum((2, 3, 4)) / where.sum((2, 3, 4))
        return self.linear(self.dropout(torch.cat([mean, features.amax((2, 3, 4))], dim=1)))

    def _lesion(self, logits: torch.Tensor, size: torch.Size) -> torch.Tensor:
        """Return the highest probability of lesion in each voxel of the coarsest level: (N, 1, z', y', x')."""
        probability = logits.detach().float().softmax(1)[:, self.lesions].sum(1, keepdim=True)
        return F.adaptive_max_pool3d(probability, size)
