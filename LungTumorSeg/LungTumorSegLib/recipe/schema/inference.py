"""The sliding window, and what becomes of its probabilities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ...errors import InputError
from .part import BatchSize, NotNegative, Part, PlannedSizeXYZ, Positive, Range, Share
from .preparation import FINGERPRINT, FromFingerprint

MEMORY = "memory"


def _kind(value: object) -> str:
    return value if isinstance(value, str) and value in (MEMORY, FINGERPRINT) else "numbers"


FromMemory = Annotated[Literal["memory"], Tag(MEMORY)]
MeasuredBatchSize = Annotated[Annotated[BatchSize, Tag("numbers")] | FromMemory, Discriminator(_kind)]


class ExpectedPlace(Part):
    """Where in the body labels are expected, as shares of its width and depth, in every axial slice.

    Attributes
    ----------
    x, y : (low, high)
        From the patient's right (0) to left (1), from front (0) to back (1).
    margin_mm : float
        Around it.
    """

    x: Range
    y: Range
    margin_mm: NotNegative = 30.0

    @model_validator(mode="after")
    def _rises(self) -> ExpectedPlace:
        for low, high in (self.x, self.y):
            if low >= high:
                raise ValueError(f"a range must rise from low to high, and ({low:g}, {high:g}) does not")
        return self


Expected = Annotated[Annotated[ExpectedPlace, Tag("numbers")] | FromFingerprint, Discriminator(_kind)]


class Inference(Part):
    """The sliding window.

    Attributes
    ----------
    window_size : tuple of int, xyz, or "plan"
        Voxels of a window on the prepared grid; ``plan`` makes them those of the training patches.
    overlap : float
        Share of a window that the next one covers again (Loux 2024: 0.8).
    lattice : {"stepped", "even", "body_centred"}
        Where windows lie: step by step, the last moved back to the image's end; spread evenly; or two steps apart and
        again between, a quarter as many.
    coarse_overlap : float or None
        First run few of these windows, of which neighbours share about this, and the others only where those leave any
        doubt; elsewhere the probability is 0. ``None`` runs every window.
    blending : {"gaussian", "constant", "centre"}
        Windows averaged with the weight of a Gaussian about their centres, or all alike; or each window's centre
        alone, put beside the others, so that no voxel comes from near a window's border but the CT's own.
    sigma_scale : float
        Standard deviation of the Gaussian in shares of the window.
    batch_size : int, "memory" or None
        Windows at once. ``memory`` measures on the device: on a GPU, how many fit into its free memory; on the CPU,
        which of a few numbers is fastest. ``None`` takes what is usual on the kind of device.
    mirror_axes : tuple of {"x", "y", "z"}
        Test-time flips, averaged: 2**n times the work.
    precision : {"auto", "float32", "bfloat16", "float16"}
        Of convolutions; ``auto`` takes the fastest that the device computes natively.
    tf32 : bool
        On NVIDIA cards from Ampere on, let float32 be multiplied with 10 bits of mantissa (TensorFloat-32).
    quantization : {"int8"} or None
        On the CPU, convolutions in int8; weights are rounded once, inputs by their own range.
    windows : {"region", "body", "expected"}
        With ``preparation.region: all``: every window; those with a voxel of the body, without air and couch; or those
        where the training data's labels lay in the body. What lies elsewhere is background.
    expected : ExpectedPlace, "fingerprint" or None
        Where that is; ``fingerprint`` takes it from the training data, and a trained recipe holds numbers.
    threshold : float
        Probability of any label from which on a voxel is labelled, with the likeliest.
    """

    window_size: PlannedSizeXYZ = (96, 96, 96)
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.5
    lattice: Literal["stepped", "even", "body_centred"] = "stepped"
    coarse_overlap: Annotated[float, Field(ge=0, lt=1)] | None = None
    blending: Literal["gaussian", "constant", "centre"] = "gaussian"
    sigma_scale: Positive = 0.125
    batch_size: MeasuredBatchSize | None = None
    mirror_axes: tuple[Literal["x", "y", "z"], ...] = ()
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    tf32: bool = False
    quantization: Literal["int8"] | None = None
    windows: Literal["region", "body", "expected"] = "region"
    expected: Expected | None = None
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _each_axis_once(self) -> Inference:
        if len(set(self.mirror_axes)) < len(self.mirror_axes):
            raise ValueError("mirror_axes names an axis twice")
        return self

    @model_validator(mode="after")
    def _coarse_windows_blend(self) -> Inference:
        if self.coarse_overlap is not None and self.blending == "centre":
            raise ValueError("a coarse pass (coarse_overlap) needs windows that are blended, not their centres alone")
        return self

    @model_validator(mode="after")
    def _boxes_need_a_product(self) -> Inference:
        if self.lattice == "body_centred" and self.blending == "centre":
            raise ValueError("lattice body_centred needs windows that are blended, not their centres alone")
        return self

    def place_expected(self) -> ExpectedPlace:
        """Return where labels are expected.

        Raises
        ------
        InputError
            Nobody has said.
        """
        if isinstance(self.expected, ExpectedPlace):
            return self.expected
        raise InputError(
            "the model does not know where in the body its labels are to be expected",
            "inference.windows: expected",
            "use windows: body, or train with 'expected: fingerprint'",
        )


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
