"""From the CT as it was read to what the network sees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .part import NotNegative, Part, Range, SpacingXYZ

FINGERPRINT = "fingerprint"


def _kind(value: object) -> str:
    return FINGERPRINT if isinstance(value, str) else "numbers"


FromFingerprint = Annotated[Literal["fingerprint"], Tag(FINGERPRINT)]
Spacing = Annotated[Annotated[SpacingXYZ, Tag("numbers")] | FromFingerprint, Discriminator(_kind)]
Windows = Annotated[tuple[Range, ...], Field(min_length=1), Tag("numbers")]


class Preparation(Part):
    """From the CT as it was read to what the network sees; undone exactly after prediction.

    Attributes
    ----------
    region : {"lungs", "all"}
        The part of the CT that is looked at: the lung region, or everything.
    region_margin_mm : float
        Added around the region's bounding box, so that the network sees what surrounds the lungs.
    spacing_mm : tuple of float, xyz, or "fingerprint" or None
        Spacing of the prepared grid; ``None`` keeps the CT's own.
    windows_hu : list of (low, high), or "fingerprint"
        Intensity windows, one input channel each, mapped to -1..1 and clipped.

    ``fingerprint`` takes the value from the training data, once, before training; a trained recipe holds numbers.
    """

    region: Literal["lungs", "all"] = "lungs"
    region_margin_mm: NotNegative = 20.0
    spacing_mm: Spacing | None = None
    windows_hu: Annotated[Windows | FromFingerprint, Discriminator(_kind)] = ((-1000.0, 400.0),)

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Keys that are still to be taken from a fingerprint."""
        return tuple(key for key in ("spacing_mm", "windows_hu") if getattr(self, key) == FINGERPRINT)

    @model_validator(mode="after")
    def _windows_rise(self) -> Preparation:
        for low, high in () if self.windows_hu == FINGERPRINT else self.windows_hu:
            if low >= high:
                raise ValueError(f"a window must rise from low to high, and ({low:g}, {high:g}) does not")
        return self
