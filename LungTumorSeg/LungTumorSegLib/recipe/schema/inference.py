"""The sliding window, and what becomes of its probabilities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .part import BatchSize, NotNegative, Part, Positive, Share, SizeXYZ


class Inference(Part):
    """The sliding window.

    Attributes
    ----------
    window_size : tuple of int, xyz
        Voxels of a window on the prepared grid.
    overlap : float
        Share of a window that the next one covers again (Loux 2024: 0.8).
    blending : {"gaussian", "constant", "centre"}
        Windows averaged with the weight of a Gaussian about their centres, or all alike; or each window's centre
        alone, put beside the others, so that no voxel comes from near a window's border but the CT's own.
    sigma_scale : float
        Standard deviation of the Gaussian in shares of the window.
    batch_size : int or None
        Windows at once on a GPU; ``None`` leaves it to the sliding window. On the CPU it is always one.
    mirror_axes : tuple of {"x", "y", "z"}
        Test-time flips, averaged.
    threshold : float
        Foreground probability from which a voxel is tumour.
    """

    window_size: SizeXYZ = (96, 96, 96)
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.5
    blending: Literal["gaussian", "constant", "centre"] = "gaussian"
    sigma_scale: Positive = 0.125
    batch_size: BatchSize | None = None
    mirror_axes: tuple[Literal["x", "y", "z"], ...] = ()
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _each_axis_once(self) -> Inference:
        if len(set(self.mirror_axes)) < len(self.mirror_axes):
            raise ValueError("mirror_axes names an axis twice")
        return self


class Components(Part):
    """Which connected components of the mask stay.

    Attributes
    ----------
    minimum_confidence : float
        Components whose mean foreground probability is lower are removed.
    """

    keep: Literal["all", "largest"] = "all"
    minimum_volume_ml: NotNegative = 0.0
    minimum_confidence: Share = 0.0


class BorderRefinement(Part):
    """The refinement of Loux 2024: between erosion and dilation, a voxel's HU decides.

    Attributes
    ----------
    confidence_z : float
        Half width of the component's HU interval in standard deviations.
    """

    enabled: bool = False
    radius_mm: Positive = 1.5
    confidence_z: Positive = 1.96


class Postprocessing(Part):
    """From probabilities to the mask that is shown.

    Attributes
    ----------
    inside_region : bool
        Remove what lies outside the lung region.
    """

    inside_region: bool = True
    components: Components = Components()
    border_refinement: BorderRefinement = BorderRefinement()
