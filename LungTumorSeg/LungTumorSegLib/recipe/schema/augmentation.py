"""Random changes of training patches, and lesions put into them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from .part import NotNegative, Part, Positive, Share

Factor = Annotated[float, Field(ge=1)]


class Augmentation(Part):
    """Random changes of a training patch; a probability of 0 switches one off.

    Attributes
    ----------
    flip_left_right, flip_other_axes : float
        Probability of a flip along x, and along each of y and z.
    rotation_degrees, zoom, translation : float
        Largest rotation about any axis, relative change of size, and shift in shares of the patch; drawn together
        with ``affine_probability``.
    elastic_mm, elastic_spacing_mm : float
        Largest standard deviation of the displacements of control points, and the distance between these.
    blur_sigma_voxels : float
        Largest sigma of a Gaussian blur.
    low_resolution_factor, thick_slices_factor : float
        Largest voxels, or slices, that the patch is averaged to and interpolated back from; 1 is none.
    contrast : float
        Largest relative change of the distance from the mean.
    gamma : float
        Exponents lie between ``1 / (1 + gamma)`` and ``1 + gamma``.
    scale, shift_hu : float
        Largest relative change of all HU, and largest sum added; drawn together with ``intensity_probability``.
    noise_hu, noise_correlation_voxels : float
        Largest standard deviation of Gaussian noise, and largest sigma that correlates neighbours; 0 is white.
    cutout_share : float
        Largest side of a hidden box in shares of the patch.
    """

    flip_left_right: Share = 0.5
    flip_other_axes: Share = 0.0
    rotation_degrees: NotNegative = 0.0
    zoom: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    translation: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    affine_probability: Share = 0.0
    elastic_mm: NotNegative = 0.0
    elastic_spacing_mm: Annotated[float, Field(ge=5)] = 30.0
    elastic_probability: Share = 0.0
    blur_sigma_voxels: NotNegative = 0.0
    blur_probability: Share = 0.0
    low_resolution_factor: Factor = 1.0
    low_resolution_probability: Share = 0.0
    thick_slices_factor: Factor = 1.0
    thick_slices_probability: Share = 0.0
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    contrast_probability: Share = 0.0
    gamma: Annotated[float, Field(ge=0, le=3)] = 0.0
    gamma_probability: Share = 0.0
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0
    shift_hu: NotNegative = 0.0
    intensity_probability: Share = 1.0
    noise_hu: NotNegative = 0.0
    noise_correlation_voxels: NotNegative = 0.0
    noise_probability: Share = 0.0
    cutout_share: Share = 0.0
    cutout_probability: Share = 0.0


class Synthesis(Part):
    """Lesions put into real lungs, as further positive patches.

    Attributes
    ----------
    real, nodule, mass, carve : float
        Relative frequency of positive patches that hold an annotated tumour, a pasted real nodule, a synthetic mass,
        or a tumour carved out of another case (CarveMix, Zhang 2021).
    nodule_zoom : (low, high)
        Random enlargement of a pasted nodule.
    mass_radius_mm : (low, high)
        Radius of a synthetic mass.
    cavity, ground_glass : float
        Share of synthetic masses with a cavity, and of ground glass.
    opacity : float
        Share of all patches into which pneumonia, fluid or collapsed lung is laid as background, before any lesion.
    """

    real: NotNegative = 1.0
    nodule: NotNegative = 0.0
    mass: NotNegative = 0.0
    carve: NotNegative = 0.0
    nodule_zoom: tuple[Positive, Positive] = (0.8, 2.0)
    mass_radius_mm: tuple[Positive, Positive] = (5.0, 40.0)
    cavity: Share = 0.25
    ground_glass: Share = 0.1
    opacity: Share = 0.0

    @model_validator(mode="after")
    def _ranges_rise(self) -> Synthesis:
        for name in ("nodule_zoom", "mass_radius_mm"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must rise from low to high, and ({low:g}, {high:g}) does not")
        return self
