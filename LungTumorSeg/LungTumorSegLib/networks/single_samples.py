"""A way round wrong gradients of instance normalisation on the CPU.

For a batch of one, torch computes instance normalisation as batch normalisation of ``(1, N C, z, y, x)``. When the
gradient that comes back lies channels last, its backward (PyTorch 2.13, CPU) reads it as if it did not. A larger batch
is copied on the way, and is right.
"""

from __future__ import annotations

import torch
from torch import nn


class InstanceNorm3d(nn.InstanceNorm3d):
    """Instance normalisation that takes a gradient of any memory format."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise (N, C, z, y, x)."""
        normalised = super().forward(x)
        if len(x) == 1 and x.device.type == "cpu" and normalised.requires_grad:
            normalised.register_hook(torch.Tensor.contiguous)
        return normalised


def train_single_samples_rightly(network: nn.Module) -> nn.Module:
    """Make all instance normalisations of a network such ones; weights and their names stay."""
    for module in network.modules():
        if type(module) is nn.InstanceNorm3d:
            module.__class__ = InstanceNorm3d
    return network
