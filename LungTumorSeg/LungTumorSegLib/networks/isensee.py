"""The modified 3D U-Net of Isensee 2017: residual context modules down, localisation modules up, summed outputs.

F. Isensee et al., "Brain Tumor Segmentation and Radiomics Survival Prediction: Contribution to the BRATS 2017
Challenge", in the variant of van den Hork et al., "Pancreas cancer segmentation with a 3D U-Net", whose dropout is
0.6. Every convolution but the first sees features that were normalised and activated before it (pre-activation), and
dropout leaves out whole feature maps: neighbouring voxels of one map are too alike for single ones to be missed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

SLOPE = 0.01  # of the leaky ReLU
OUTPUTS = 3  # the finest levels of the way up have an output each; a network of fewer levels has fewer

Triple = tuple[int, int, int]


class ContextModule(nn.Module):
    """A residual block whose two convolutions come after normalisation and activation, with dropout between them.

    Parameters
    ----------
    features : int
    activation : {"leaky_relu", "relu"}
    dropout : float
        Share of the feature maps that are left out in training.
    """

    def __init__(self, features: int, activation: str, dropout: float):
        super().__init__()
        self.change = nn.Sequential(
            *_activated(features, activation),
            nn.Conv3d(features, features, 3, padding=1),
            nn.Dropout3d(dropout),
            *_activated(features, activation),
            nn.Conv3d(features, features, 3, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the block's change to (N, features, z, y, x)."""
        return x + self.change(x)


class ContextLevel(nn.Sequential):
    """A level of the way down: a (strided) convolution and a context module, normalised and activated at the end."""

    def __init__(self, in_features: int, features: int, stride: Triple, activation: str, dropout: float):
        super().__init__(
            nn.Conv3d(in_features, features, 3, stride, padding=1),
            ContextModule(features, activation, dropout),
            *_activated(features, activation),
        )


class Upsampling(nn.Sequential):
    """Voxels repeated along each axis, then a 3x3x3 convolution to the features of the finer level."""

    def __init__(self, in_features: int, features: int, stride: Triple, activation: str):
        super().__init__(
            _repeat(stride), nn.Conv3d(in_features, features, 3, padding=1), *_activated(features, activation)
        )


class LocalisationModule(nn.Sequential):
    """A 3x3x3 convolution over all that meets on a level, and a 1x1x1 convolution to half as many features."""

    def __init__(self, features: int, activation: str):
        super().__init__(
            nn.Conv3d(2 * features, 2 * features, 3, padding=1),
            *_activated(2 * features, activation),
            nn.Conv3d(2 * features, features, 1),
            *_activated(features, activation),
        )


class LastConvolution(nn.Sequential):
    """What stands on the finest level in the localisation module's place: nothing is halved any more."""

    def __init__(self, features: int, activation: str):
        super().__init__(nn.Conv3d(2 * features, 2 * features, 3, padding=1), *_activated(2 * features, activation))


class Isensee2017(nn.Module):
    """The network.

    Parameters
    ----------
    in_channels, out_channels : int
    channels : sequence of int
        Features per level, from the finest; each twice the one before in the paper.
    strides : sequence of (z, y, x)
        From each level to the next: one fewer.
    activation : {"leaky_relu", "relu"}
    dropout : float
        Share of the feature maps that a context module leaves out in training.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        strides: Sequence[Triple],
        activation: str = "leaky_relu",
        dropout: float = 0.6,
    ):
        super().__init__()
        before = (in_channels, *channels)
        downward = zip(before, channels, ((1, 1, 1), *strides), strict=False)
        upward = zip(channels[1:], channels, strides, strict=False)
        finest, *coarser = channels[:-1]
        self.context = nn.ModuleList(ContextLevel(*level, activation, dropout) for level in downward)
        self.up = nn.ModuleList(Upsampling(*level, activation) for level in upward)
        self.localisation = nn.ModuleList(LocalisationModule(features, activation) for features in coarser)
        self.localisation.insert(0, LastConvolution(finest, activation))
        seen = [2 * finest, *coarser][:OUTPUTS]
        self.outputs = nn.ModuleList(nn.Conv3d(features, out_channels, 1) for features in seen)
        self.enlarge = nn.ModuleList(_repeat(stride) for stride in strides[: len(seen) - 1])
        self.apply(lambda module: _initialize(module, SLOPE if activation == "leaky_relu" else 0.0))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (N, in_channels, z, y, x) to logits (N, out_channels, z, y, x)."""
        *features, x = self._contexts(image)
        logits = None
        for level in reversed(range(len(features))):
            x = self.localisation[level](torch.cat([self.up[level](x), features[level]], dim=1))
            if level < len(self.outputs):
                own = self.outputs[level](x)
                logits = own if logits is None else own + self.enlarge[level](logits)
        return logits

    def _contexts(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Return the features of every level of the way down, from the finest: (N, channels[level], z, y, x)."""
        features, x = [], image
        for level in self.context:
            x = level(x)
            features.append(x)
        return features


def _activated(features: int, activation: str) -> tuple[nn.Module, nn.Module]:
    """Instance normalisation and activation."""
    nonlinear = nn.LeakyReLU(SLOPE, inplace=True) if activation == "leaky_relu" else nn.ReLU(inplace=True)
    return nn.InstanceNorm3d(features, affine=True), nonlinear


def _repeat(stride: Triple) -> nn.Module:
    return nn.Upsample(scale_factor=tuple(map(float, stride)), mode="nearest")


@torch.no_grad()
def _initialize(module: nn.Module, slope: float) -> None:
    """Start after He 2015."""
    if isinstance(module, nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, a=slope)
        nn.init.zeros_(module.bias)
