"""The plain U-Net: two convolutions a level, max pooling down, transposed convolutions up.

O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015;
with normalisation after every convolution, with padding, so that what comes out is as large as what went in, and with
whole feature maps dropped after each pooling. Along an axis that no level halves no kernel extends: with strides of
(2, 2, 1) it is a network of slices, each computed from itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

Triple = tuple[int, int, int]

NORMS = {"batch": nn.BatchNorm3d, "instance": nn.InstanceNorm3d}


class RonnebergerUNet(nn.Module):
    """Maps (N, in_channels, z, y, x) to logits (N, out_channels, z, y, x).

    Parameters
    ----------
    in_channels, out_channels : int
    channels : sequence of int
        Features of each level, from the finest; the last is the bottleneck's.
    strides : sequence of (z, y, x)
        1 or 2, from each level to the next.
    norm : {"batch", "instance"}
    dropout : float
        Share of the feature maps that are left out after each pooling in training.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        channels: Sequence[int],
        strides: Sequence[Triple],
        norm: str,
        dropout: float,
    ):
        super().__init__()
        kernel = tuple(3 if max(steps) > 1 else 1 for steps in zip(*strides, strict=True))
        levels = list(zip(channels, channels[1:], strides, strict=False))
        self.first = _convolutions(in_channels, channels[0], kernel, norm)
        self.down = nn.ModuleList(
            nn.Sequential(nn.MaxPool3d(stride), nn.Dropout3d(dropout), _convolutions(fine, coarse, kernel, norm))
            for fine, coarse, stride in levels
        )
        self.up = nn.ModuleList(nn.ConvTranspose3d(coarse, fine, stride, stride) for fine, coarse, stride in levels)
        self.merge = nn.ModuleList(_convolutions(2 * fine, fine, kernel, norm) for fine, _, _ in levels)
        self.last = nn.Conv3d(channels[0], out_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits."""
        features = [self.first(x)]
        for down in self.down:
            features.append(down(features[-1]))
        x = features.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            x = merge(torch.cat([features.pop(), up(x)], dim=1))
        return self.last(x)


def _convolutions(in_features: int, features: int, kernel: Triple, norm: str) -> nn.Sequential:
    """Two convolutions, each normalised and followed by a ReLU."""
    layers: list[nn.Module] = []
    for given in (in_features, features):
        layers.append(nn.Conv3d(given, features, kernel, padding=tuple(n // 2 for n in kernel), bias=False))
        layers += [NORMS[norm](features, affine=True), nn.ReLU()]
    return nn.Sequential(*layers)
