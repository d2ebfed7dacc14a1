"""What the parts of a recipe are made of: a strict base class and bounded numbers.

Triples are ``xyz``; lengths are mm, intensities HU, volumes mL.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Features = Annotated[int, Field(ge=1, le=4096)]
Range = tuple[float, float]
SpacingMM = Annotated[float, Field(ge=0.1, le=20)]  # finer is beyond any CT scanner, coarser shows no tumour
SpacingXYZ = tuple[SpacingMM, SpacingMM, SpacingMM]
Side = Annotated[int, Field(ge=1, le=1024)]
MOST_VOXELS = 512**3  # 0.5 GB a channel, and a network has tens of channels


def _within_memory(size: tuple[int, int, int]) -> tuple[int, int, int]:
    if math.prod(size) > MOST_VOXELS:
        raise ValueError(f"must be at most {MOST_VOXELS} voxels in all (512 x 512 x 512)")
    return size


SizeXYZ = Annotated[tuple[Side, Side, Side], AfterValidator(_within_memory)]
BatchSize = Annotated[int, Field(ge=1, le=1024)]
PLAN = "plan"


def _kind(value: object) -> str:
    return PLAN if isinstance(value, str) else "numbers"


ByPlan = Annotated[Literal["plan"], Tag(PLAN)]
PlannedSizeXYZ = Annotated[Annotated[SizeXYZ, Tag("numbers")] | ByPlan, Discriminator(_kind)]
PlannedBatchSize = Annotated[Annotated[BatchSize, Tag("numbers")] | ByPlan, Discriminator(_kind)]


class Part(BaseModel):
    """A part of a recipe: immutable, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
