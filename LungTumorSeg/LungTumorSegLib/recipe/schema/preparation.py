"""From the CT as it was read to what the network sees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .part import NotNegative, Part, Range, SpacingXYZ


class Preparation(Part):
    """From the CT as it was read to what the network sees; undone exactly after prediction.

    Attributes
    ----------
    region : {"lungs", "all"}
        The part of the CT that is looked at: the lung region (system S4), or everything.
    region_margin_mm : float
        Added around the region's bounding box, so that the network sees what surrounds the lungs.
    spacing_mm : tuple of float, xyz, or None
        Spacing of the prepared grid; ``None`` keeps the CT's own.
    windows_hu : list of (low, high)
        Intensity windows, one input channel each, mapped to -1..1 and clipped.
    """

    region: Literal["lungs", "all"] = "lungs"
    region_margin_mm: NotNegative = 20.0
    spacing_mm: SpacingXYZ | None = None
    windows_hu: Annotated[tuple[Range, ...], Field(min_length=1)] = ((-1000.0, 400.0),)

    @model_validator(mode="after")
    def _windows_rise(self) -> Preparation:
        for low, high in self.windows_hu:
            if low >= high:
                raise ValueError(f"a window must rise from low to high, and ({low:g}, {high:g}) does not")
        return self
