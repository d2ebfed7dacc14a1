"""Random changes of training patches, and lesions put into them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from .part import NotNegative, Part, Positive, Share


class Augmentation(Part):
    """Random changes of a training patch; a probability of 0 switches one off."""

    flip_left_right: Share = 0.5
    rotation_degrees: NotNegative = 0.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    affine_probability: Share = 0.0
    shift_hu: NotNegative = 0.0
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0
    noise_hu: NotNegative = 0.0
    noise_probability: Share = 0.0
    blur_sigma_voxels: NotNegative = 0.0
    blur_probability: Share = 0.0


class Synthesis(Part):
    """Lesions put into real lungs, as further positive patches.

    Attributes
    ----------
    real, nodule, mass : float
        Relative frequency of positive patches that hold an annotated tumour, a pasted real nodule, or a synthetic
        mass.
    nodule_zoom : (low, high)
        Random enlargement of a pasted nodule.
    mass_radius_mm : (low, high)
        Radius of a synthetic mass.
    cavity, ground_glass : float
        Share of synthetic masses with a cavity, and of ground glass.
    """

    real: NotNegative = 1.0
    nodule: NotNegative = 0.0
    mass: NotNegative = 0.0
    nodule_zoom: tuple[Positive, Positive] = (0.8, 2.0)
    mass_radius_mm: tuple[Positive, Positive] = (5.0, 40.0)
    cavity: Share = 0.25
    ground_glass: Share = 0.1

    @model_validator(mode="after")
    def _ranges_rise(self) -> Synthesis:
        for name in ("nodule_zoom", "mass_radius_mm"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must rise from low to high, and ({low:g}, {high:g}) does not")
        return self
