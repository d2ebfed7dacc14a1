"""A U-Net with a deep residual encoder and a light decoder, assembled from MONAI's blocks.

MONAI has no such network of its own: its ``DynUNet`` has one residual block a level, and its ``SegResNetDS`` neither
dropout nor a choice of features and strides. This one keeps to nnU-Net's ResEnc plans (Isensee 2024): several
residual blocks a level, strided convolutions between levels, transposed convolutions and one convolution a level on
the way back, instance normalisation and leaky ReLU. The one difference is the shortcut across a stride: a strided
convolution here, average pooling before one there.

With a head for classes it answers two questions from one encoder: which voxels (the decoder), and of which class
the lesion is (`ClassificationHead`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.networks.blocks import Convolution
from monai.networks.blocks.dynunet_block import UnetResBlock
from torch import nn

from .classification import ClassificationHead, MasksAndClasses

SLOPE = 0.01
ACTIVATION = ("leakyrelu", {"inplace": True, "negative_slope": SLOPE})
NORMALISATION = ("instance", {"affine": True})

Triple = tuple[int, int, int]


class ResidualEncoder(nn.Module):
    """The way down.

    Parameters
    ----------
    in_channels : int
    channels : sequence of int
        Features per level, from the finest.
    strides : sequence of (z, y, x)
        From each level to the next: one fewer.
    blocks : sequence of int
        Residual blocks per level.
    dropout : float
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        strides: Sequence[Triple],
        blocks: Sequence[int],
        dropout: float = 0.0,
    ):
        super().__init__()
        kernels = kernel_sizes(strides)
        self.stem = _convolution(in_channels, channels[0], kernels[0], dropout)
        before = (channels[0], *channels)
        levels = zip(before, channels, ((1, 1, 1), *strides), kernels, blocks, strict=False)
        self.stages = nn.ModuleList(_stage(*level, dropout) for level in levels)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Return the features of every level, from the finest: (N, channels[level], z, y, x)."""
        features, x = [], self.stem(image)
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


class ResidualEncoderUNet(nn.Module):
    """The encoder, and the way back up to the labels.

    Parameters
    ----------
    in_channels, out_channels : int
    channels, strides, blocks, dropout
        Of the encoder.
    deep_supervision : bool
        In training mode, answer with a list of logits, from the finest level to the second coarsest of the decoder. In
        evaluation mode the answer is always one tensor.
    head : ClassificationHead, optional
        Of the coarsest level's features. In training mode the answer is then `MasksAndClasses`; in evaluation mode
        `classify` gives the classes.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        strides: Sequence[Triple],
        blocks: Sequence[int],
        dropout: float = 0.0,
        deep_supervision: bool = False,
        head: ClassificationHead | None = None,
    ):
        super().__init__()
        self.encoder = ResidualEncoder(in_channels, channels, strides, blocks, dropout)
        self.up, self.merge = nn.ModuleList(), nn.ModuleList()
        for fine, coarse, stride, kernel in zip(channels, channels[1:], strides, kernel_sizes(strides), strict=False):
            self.up.append(nn.ConvTranspose3d(coarse, fine, stride, stride))
            self.merge.append(_convolution(2 * fine, fine, kernel, dropout))
        heads = max(1, len(self.up) - 1) if deep_supervision else 1
        self.heads = nn.ModuleList(nn.Conv3d(features, out_channels, 1) for features in channels[:heads])
        self.deep_supervision = deep_supervision
        self.apply(_initialize)
        self.head = head

    def forward(self, image: torch.Tensor) -> torch.Tensor | list[torch.Tensor] | MasksAndClasses:
        """Map (N, in_channels, z, y, x) to logits (N, out_channels, z, y, x), or a list of them, finest first."""
        features = self.encoder(image)
        logits = self._decode(features)
        if self.head is None or not self.training:
            return logits
        finest = logits[0] if self.deep_supervision else logits
        return MasksAndClasses(logits, self.head(features[-1], finest))

    def classify(self, patch: torch.Tensor) -> torch.Tensor:
        """Map a patch (N, in_channels, z, y, x) with a lesion in it to logits (N, classes), in evaluation mode."""
        features = self.encoder(patch)
        return self.head(features[-1], self._decode(features))

    def _decode(self, features: list[torch.Tensor]) -> torch.Tensor | list[torch.Tensor]:
        """Go back up from the features of every level to logits."""
        *skips, x = features
        wanted = len(self.heads) if self.training else 1
        logits = []
        for level in reversed(range(len(skips))):
            x = self.merge[level](torch.cat([self.up[level](x), skips[level]], dim=1))
            if level < wanted:
                logits.insert(0, self.heads[level](x))
        return logits if self.training and self.deep_supervision else logits[0]


def kernel_sizes(strides: Sequence[Triple]) -> list[Triple]:
    """Return the kernels of all levels (zyx): 3, but 1 along an axis too coarse yet to be halved with the others."""
    kernels, halved = [], (False, False, False)
    for stride in (*strides, (1, 1, 1)):
        halved = tuple(done or step > 1 for done, step in zip(halved, stride, strict=True))
        waiting = max(stride) > 1
        kernels.append(tuple(1 if waiting and not done else 3 for done in halved))
    return kernels


def _convolution(in_channels: int, out_channels: int, kernel: Triple, dropout: float) -> nn.Module:
    """Convolution, dropout, normalisation, activation."""
    return Convolution(
        3,
        in_channels,
        out_channels,
        kernel_size=kernel,
        adn_ordering="DNA",
        act=ACTIVATION,
        norm=NORMALISATION,
        dropout=dropout or None,
    )


def _stage(
    in_channels: int, out_channels: int, stride: Triple, kernel: Triple, blocks: int, dropout: float
) -> nn.Sequential:
    """Residual blocks of one level, the first of them with the stride."""

    def block(features: int, step: Triple) -> nn.Module:
        return UnetResBlock(3, features, out_channels, kernel, step, NORMALISATION, ACTIVATION, dropout or None)

    return nn.Sequential(block(in_channels, stride), *(block(out_channels, (1, 1, 1)) for _ in range(blocks - 1)))


@torch.no_grad()
def _initialize(module: nn.Module) -> None:
    """Start after He 2015, and with residual blocks that change nothing."""
    if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
        nn.init.kaiming_normal_(module.weight, a=SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, UnetResBlock):
        nn.init.zeros_(module.norm2.weight)
