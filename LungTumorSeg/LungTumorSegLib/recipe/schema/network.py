"""The networks that a recipe can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .part import Count, Features, Part


class UNetNetwork(Part):
    """MONAI's ``UNet`` (Ronneberger 2015 in 3D, with residual units after Kerfoot 2018).

    Attributes
    ----------
    channels : tuple of int
        Features per level, from the finest; ``strides`` has one entry fewer.
    residual_units : int
        Convolutions per level with a residual connection; 0 is a plain U-Net.
    """

    name: Literal["unet"] = "unet"
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (16, 32, 64, 128, 256)
    strides: tuple[Count, ...] = (2, 2, 2, 2)
    residual_units: Annotated[int, Field(ge=0)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _one_stride_between_levels(self) -> UNetNetwork:
        if len(self.strides) != len(self.channels) - 1:
            raise ValueError(
                f"{len(self.channels)} levels need {len(self.channels) - 1} strides, not {len(self.strides)}"
            )
        return self


class SwinUNETRNetwork(Part):
    """MONAI's ``SwinUNETR`` (Hatamizadeh 2022)."""

    name: Literal["swinunetr"]
    feature_size: Annotated[int, Field(ge=12, multiple_of=12)] = 24
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


Network = Annotated[UNetNetwork | SwinUNETRNetwork, Field(discriminator="name")]
