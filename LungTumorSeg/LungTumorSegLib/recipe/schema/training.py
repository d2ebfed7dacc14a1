"""How the network is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .augmentation import Augmentation, Synthesis
from .part import Count, NotNegative, Part, Positive, Share, SizeXYZ


class Loss(Part):
    """Dice and cross-entropy, added with their weights."""

    dice: NotNegative = 1.0
    cross_entropy: NotNegative = 1.0
    squared_denominator: bool = True

    @model_validator(mode="after")
    def _weighs_something(self) -> Loss:
        if self.dice + self.cross_entropy == 0:
            raise ValueError("dice and cross_entropy cannot both be 0")
        return self


class Optimizer(Part):
    """AdamW with linear warm-up and polynomial or cosine decay."""

    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-5
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    decay: Literal["constant", "polynomial", "cosine"] = "polynomial"
    gradient_clip: Positive | None = 12.0
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Training(Part):
    """How the network is trained.

    Attributes
    ----------
    patch_size : tuple of int, xyz
        Voxels of a training patch on the prepared grid.
    positive_share : float
        Share of the patches of a batch that hold a lesion (S0: 0.25).
    """

    patch_size: SizeXYZ = (160, 160, 64)
    batch_size: Count = 1
    positive_share: Share = 0.25
    steps: Count = 10_000
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    augmentation: Augmentation = Augmentation()
    synthesis: Synthesis = Synthesis()
    checkpoint_every_steps: Count = 500
