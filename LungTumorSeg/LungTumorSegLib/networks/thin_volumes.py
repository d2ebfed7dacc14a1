"""A way round wrong gradients of CPU convolutions in bfloat16.

Where a 3x3x3 kernel meets a volume of two slices, oneDNN 3.12 (that of PyTorch 2.13, on CPUs with AVX512_BF16) leaves
part of the weight gradient unwritten: it holds what lay in memory before. Networks come down to two slices at the
coarsest level of a small patch. There is next to nothing to compute there, so float32 costs no time.
"""

from __future__ import annotations

import torch
from torch import nn


class Conv3d(nn.Conv3d):
    """Convolution that trains in float32 on the CPU where the volume is thinner than the kernel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve (N, C, z, y, x); the precision of the answer is that of any other convolution."""
        reduced = x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled()
        if not reduced or x.shape[2] >= self.kernel_size[0]:
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            exact = super().forward(x.float())
        return exact.to(torch.get_autocast_dtype("cpu"))


def train_thin_volumes_exactly(network: nn.Module) -> nn.Module:
    """Make all 3D convolutions of a network such ones; weights and their names stay."""
    for module in network.modules():
        if type(module) is nn.Conv3d:
            module.__class__ = Conv3d
    return network
