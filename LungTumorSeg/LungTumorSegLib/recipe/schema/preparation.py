"""From the CT as it was read to what the network sees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .part import NotNegative, Part, Positive, Range, SpacingMM

FINGERPRINT = "fingerprint"
FROM_FINGERPRINT = ("spacing_mm", "windows_hu", "normalization")


def _kind(value: object) -> str:
    return FINGERPRINT if isinstance(value, str) else "numbers"


FromFingerprint = Annotated[Literal["fingerprint"], Tag(FINGERPRINT)]
PartlyOwnSpacing = tuple[SpacingMM | None, SpacingMM | None, SpacingMM | None]
Spacing = Annotated[Annotated[PartlyOwnSpacing, Tag("numbers")] | FromFingerprint, Discriminator(_kind)]
Windows = Annotated[tuple[Range, ...], Field(min_length=1), Tag("numbers")]
MeansAndDeviations = Annotated[tuple[tuple[float, Positive], ...], Field(min_length=1), Tag("numbers")]


class Preparation(Part):
    """From the CT as it was read to what the network sees; undone exactly after prediction.

    Attributes
    ----------
    region : {"lungs", "all"}
        The part of the CT that is looked at: the lung region, or everything.
    region_dilation_mm : float
        By how much the lungs, united with their mirror image, are widened to the lung region.
    region_dilation_in_slices : bool
        Widen by a disc within each axial slice, as Primakov 2022 (by 5), rather than by a ball.
    region_margin_mm : float
        Added around the region's bounding box, so that the network sees what surrounds the lungs.
    outside : {"keep", "air"}
        What the network sees outside the lung region: the CT, or air (Primakov 2022).
    spacing_mm : tuple of float, xyz, or "fingerprint" or None
        Spacing of the prepared grid; ``None``, in all or along an axis, keeps each CT's own.
    windows_hu : list of (low, high), or "fingerprint"
        Intensity windows, one input channel each, clipped and mapped to -1..1.
    normalization : list of (mean, standard deviation), or "fingerprint" or None
        In place of the map to -1..1: what is subtracted from each clipped window, and what it is then divided by; in
        HU. The fingerprint's are those of all voxels of the training scans.
    padding : {"air", "edge"}
        What patches and windows show beyond the borders of a CT that is smaller: air and background, or the values
        and labels at the border.

    ``fingerprint`` takes the value from the training data, once, before training; a trained recipe holds numbers.
    """

    region: Literal["lungs", "all"] = "lungs"
    region_dilation_mm: NotNegative = 8.0
    region_dilation_in_slices: bool = False
    region_margin_mm: NotNegative = 20.0
    outside: Literal["keep", "air"] = "keep"
    spacing_mm: Spacing | None = None
    windows_hu: Annotated[Windows | FromFingerprint, Discriminator(_kind)] = ((-1000.0, 400.0),)
    normalization: Annotated[MeansAndDeviations | FromFingerprint, Discriminator(_kind)] | None = None
    padding: Literal["air", "edge"] = "air"

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Keys that are still to be taken from a fingerprint."""
        return tuple(key for key in FROM_FINGERPRINT if getattr(self, key) == FINGERPRINT)

    @model_validator(mode="after")
    def _outside_of_a_region(self) -> Preparation:
        if self.outside == "air" and self.region == "all":
            raise ValueError("outside: air needs region: lungs; with region: all there is no outside")
        return self

    @model_validator(mode="after")
    def _windows_rise(self) -> Preparation:
        for low, high in () if self.windows_hu == FINGERPRINT else self.windows_hu:
            if low >= high:
                raise ValueError(f"a window must rise from low to high, and ({low:g}, {high:g}) does not")
        return self

    @model_validator(mode="after")
    def _a_mean_for_each_window(self) -> Preparation:
        if FINGERPRINT in (self.windows_hu, self.normalization) or self.normalization is None:
            return self
        if len(self.normalization) != len(self.windows_hu):
            raise ValueError(f"normalization has {len(self.normalization)} entries for {len(self.windows_hu)} windows")
        return self
