"""The networks that a recipe can name."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from .part import Count, Features, Part, SizeXYZ

Dropout = Annotated[float, Field(ge=0, lt=1)]
Blocks = Annotated[int, Field(ge=1, le=64)]
Halving = Annotated[int, Field(ge=1, le=2)]


def _spelt_out(stride: object) -> object:
    return (stride,) * 3 if type(stride) is int else stride


Stride = Annotated[SizeXYZ, BeforeValidator(_spelt_out)]
HalvingStride = Annotated[tuple[Halving, Halving, Halving], BeforeValidator(_spelt_out)]


class _Levels(Part):
    """A network of levels, each with its own number of features, and strides between them.

    Attributes
    ----------
    channels : tuple of int
        Features per level, from the finest; ``strides`` has one entry fewer.
    strides : tuple of (x, y, z)
        From each level to the next; a single number stands for three.
    """

    name: str
    channels: Annotated[tuple[Features, ...], Field(min_length=2)]
    strides: tuple[Stride, ...]

    @model_validator(mode="after")
    def _one_stride_between_levels(self) -> _Levels:
        if len(self.strides) != len(self.channels) - 1:
            raise ValueError(
                f"{len(self.channels)} levels need {len(self.channels) - 1} strides, not {len(self.strides)}"
            )
        return self

    @property
    def factor_xyz(self) -> SizeXYZ:
        """What the sizes of patches must be multiples of: voxels of the finest level in one of the coarsest, xyz."""
        return tuple(math.prod(steps) for steps in zip(*self.strides, strict=True))


class UNetNetwork(_Levels):
    """MONAI's ``UNet`` (Ronneberger 2015 in 3D, with residual units after Kerfoot 2018).

    Attributes
    ----------
    residual_units : int
        Convolutions per level with a residual connection; 0 is a plain U-Net.
    activation : {"prelu", "relu", "leaky_relu", "elu"}
        ``prelu`` learns its slope (He 2015); that of ``leaky_relu`` is 0.01.
    """

    name: Literal["unet"] = "unet"
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (16, 32, 64, 128, 256)
    strides: tuple[Stride, ...] = ((2, 2, 2),) * 4
    residual_units: Annotated[int, Field(ge=0, le=64)] = 2
    activation: Literal["prelu", "relu", "leaky_relu", "elu"] = "prelu"
    dropout: Dropout = 0.0


class ResidualEncoderNetwork(_Levels):
    """A U-Net with a deep residual encoder and a light decoder, after nnU-Net's ResEnc (Isensee 2024).

    Attributes
    ----------
    strides : tuple of (x, y, z)
        1 or 2. As long as an axis is not halved and others are, no kernel extends along it.
    blocks : tuple of int
        Residual blocks (of two convolutions) per level of the encoder; the decoder has one convolution per level.
    deep_supervision : bool
        Train the decoder's coarser levels with the loss as well, but the coarsest of them. Only training sees these.
    """

    name: Literal["resenc"]
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (32, 64, 128, 256, 320)
    strides: tuple[HalvingStride, ...] = ((2, 2, 2),) * 4
    blocks: tuple[Blocks, ...] = (1, 3, 4, 6, 6)
    dropout: Dropout = 0.0
    deep_supervision: bool = True

    @model_validator(mode="after")
    def _blocks_on_every_level(self) -> ResidualEncoderNetwork:
        if len(self.blocks) != len(self.channels):
            raise ValueError(f"{len(self.channels)} levels need as many numbers of blocks, not {len(self.blocks)}")
        return self


class PlannedNetwork(Part):
    """A residual-encoder U-Net whose levels are planned from the training data, in the manner of nnU-Net's ResEnc.

    Spacing and size of the scans and the memory decide on levels and strides: see
    `LungTumorSegLib.training.data.planning`. A trained recipe holds the network that was planned (``resenc``), in
    numbers.

    Attributes
    ----------
    memory_gb : float
        Of the GPU that is to train; 8 plans what nnU-Net calls ResEnc-M, 24 its ResEnc-L.
    features, most_features : int
        Of the finest level, and at most: each coarser one has twice as many.
    blocks : tuple of int
        Residual blocks per level of the encoder; levels beyond have as many as the last one named.
    smallest_edge : int
        Voxels that the coarsest level keeps along each axis.
    dropout, deep_supervision
        As of ``resenc``.
    """

    name: Literal["plan"]
    memory_gb: Annotated[float, Field(gt=0, le=1000)] = 8.0
    features: Features = 32
    most_features: Features = 320
    blocks: Annotated[tuple[Blocks, ...], Field(min_length=1)] = (1, 3, 4, 6, 6, 6)
    smallest_edge: Annotated[int, Field(ge=2, le=64)] = 4
    dropout: Dropout = 0.0
    deep_supervision: bool = True

    @property
    def factor_xyz(self) -> SizeXYZ:
        """What the sizes of patches must be multiples of: not known yet."""
        return (1, 1, 1)


class Isensee2017Network(_Levels):
    """The modified 3D U-Net of Isensee 2017, in the variant of van den Hork (dropout 0.6).

    Attributes
    ----------
    activation : {"leaky_relu", "relu"}
        The slope of ``leaky_relu`` is 0.01.
    dropout : float
        Share of the feature maps that each residual context module leaves out in training.
    """

    name: Literal["isensee2017"]
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (16, 32, 64, 128, 256)
    strides: tuple[HalvingStride, ...] = ((2, 2, 2),) * 4
    activation: Literal["leaky_relu", "relu"] = "leaky_relu"
    dropout: Dropout = 0.6


class RonnebergerNetwork(_Levels):
    """The plain U-Net of Ronneberger 2015: two convolutions a level, max pooling, transposed convolutions.

    Attributes
    ----------
    strides : tuple of (x, y, z)
        1 or 2. Along an axis that is never halved no kernel extends: with (2, 2, 1) the network sees slices.
    norm : {"batch", "instance"}
        ``batch`` normalises by the statistics of a training batch, and later by their running mean.
    dropout : float
        Share of the feature maps that are left out after each pooling in training.
    """

    name: Literal["ronneberger2015"]
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (16, 32, 64, 128)
    strides: tuple[HalvingStride, ...] = ((2, 2, 2),) * 3
    norm: Literal["batch", "instance"] = "batch"
    dropout: Dropout = 0.0


class DynUNetNetwork(_Levels):
    """MONAI's ``DynUNet``: the plain U-Net of nnU-Net (Isensee 2021), two convolutions a level, leaky ReLU of 0.01.

    Attributes
    ----------
    channels : tuple of int
        Three levels at least.
    strides : tuple of (x, y, z)
        1 or 2. As long as an axis is not halved and others are, no kernel extends along it.
    dropout : float
        Share of single values that are left out after each convolution in training.
    """

    name: Literal["dynunet"]
    channels: Annotated[tuple[Features, ...], Field(min_length=3)] = (32, 64, 128, 256, 320)
    strides: tuple[HalvingStride, ...] = ((2, 2, 2),) * 4
    dropout: Dropout = 0.0


class SwinUNETRNetwork(Part):
    """MONAI's ``SwinUNETR`` (Hatamizadeh 2022).

    Attributes
    ----------
    feature_size : int
        Features of the finest level; each of the four coarser ones doubles them.
    depths, heads : tuple of int
        Transformer blocks, and heads of attention, of the four stages.
    attention_window : int
        Voxels attend to those of their own window of this size, in all three directions, at every stage.
    dropout, attention_dropout : float
        After linear layers, and of attention's weights.
    use_checkpoint : bool
        Compute the transformer's activations again in the backward pass: less memory, more time.
    """

    name: Literal["swinunetr"]
    feature_size: Annotated[int, Field(ge=12, le=768, multiple_of=12)] = 24
    depths: tuple[Blocks, Blocks, Blocks, Blocks] = (2, 2, 2, 2)
    heads: tuple[Count, Count, Count, Count] = (3, 6, 12, 24)
    attention_window: Annotated[int, Field(ge=2, le=32)] = 7
    dropout: Dropout = 0.0
    attention_dropout: Dropout = 0.0
    use_checkpoint: bool = False

    @model_validator(mode="after")
    def _heads_share_the_features(self) -> SwinUNETRNetwork:
        for stage, heads in enumerate(self.heads):
            features = self.feature_size * 2**stage
            if features % heads:
                raise ValueError(f"the {features} features of stage {stage + 1} cannot be shared by {heads} heads")
        return self

    @property
    def factor_xyz(self) -> SizeXYZ:
        """What the sizes of patches must be multiples of: it halves them five times."""
        return (32, 32, 32)


Network = Annotated[
    UNetNetwork
    | ResidualEncoderNetwork
    | PlannedNetwork
    | Isensee2017Network
    | RonnebergerNetwork
    | DynUNetNetwork
    | SwinUNETRNetwork,
    Field(discriminator="name"),
]
