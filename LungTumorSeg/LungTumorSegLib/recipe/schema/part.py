"""What the parts of a recipe are made of: a strict base class and bounded numbers.

Triples are ``xyz``; lengths are mm, intensities HU, volumes mL.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Features = Annotated[int, Field(ge=1, le=4096)]
Range = tuple[float, float]
SpacingXYZ = tuple[Positive, Positive, Positive]
SizeXYZ = tuple[Count, Count, Count]


class Part(BaseModel):
    """A part of a recipe: immutable, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
