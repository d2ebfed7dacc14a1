"""What a recipe may say: every key, its type and its bounds.

Triples are ``xyz``; lengths are mm, intensities HU, volumes mL. Unknown keys are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

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


class UNetNetwork(Part):
    """MONAI's ``UNet`` (Ronneberger 2015 in 3D, with residual units after Kerfoot 2018).

    Attributes
    ----------
    channels : tuple of int
        Features per level, from the finest; ``strides`` has one entry fewer.
    residual_units : int
        Convolutions per level with a residual connection; 0 is a plain U-Net.
    """

    name: Literal["unet"] = "unet"
    channels: Annotated[tuple[Features, ...], Field(min_length=2)] = (16, 32, 64, 128, 256)
    strides: tuple[Count, ...] = (2, 2, 2, 2)
    residual_units: Annotated[int, Field(ge=0)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _one_stride_between_levels(self) -> UNetNetwork:
        if len(self.strides) != len(self.channels) - 1:
            raise ValueError(
                f"{len(self.channels)} levels need {len(self.channels) - 1} strides, not {len(self.strides)}"
            )
        return self


class SwinUNETRNetwork(Part):
    """MONAI's ``SwinUNETR`` (Hatamizadeh 2022)."""

    name: Literal["swinunetr"]
    feature_size: Annotated[int, Field(ge=12, multiple_of=12)] = 24
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


Network = Annotated[UNetNetwork | SwinUNETRNetwork, Field(discriminator="name")]


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


class Inference(Part):
    """The sliding window.

    Attributes
    ----------
    window_size : tuple of int, xyz
        Voxels of a window on the prepared grid.
    overlap : float
        Share of a window that the next one covers again (S0: 0.8).
    batch_size : int or None
        Windows at once on a GPU; ``None`` leaves it to the sliding window. On the CPU it is always one.
    mirror_axes : tuple of {"x", "y", "z"}
        Test-time flips, averaged.
    threshold : float
        Foreground probability from which a voxel is tumour.
    """

    window_size: SizeXYZ = (96, 96, 96)
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.5
    blending: Literal["gaussian", "constant"] = "gaussian"
    sigma_scale: Positive = 0.125
    batch_size: Count | None = None
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
    """S0's refinement: between erosion and dilation, a voxel's HU decides.

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


class Recipe(Part):
    """One YAML file that says everything about a system."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: str
    source: str = ""
    labels: Annotated[dict[int, str], Field(min_length=1)] = {1: "Lung tumor"}
    preparation: Preparation = Preparation()
    network: Network = UNetNetwork()
    training: Training = Training()
    inference: Inference = Inference()
    postprocessing: Postprocessing = Postprocessing()

    @model_validator(mode="after")
    def _labels_count_from_one(self) -> Recipe:
        if sorted(self.labels) != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must be numbered 1, 2, … (0 is the background)")
        return self

    @model_validator(mode="after")
    def _sizes_suit_the_network(self) -> Recipe:
        if isinstance(self.network, UNetNetwork):
            factor = 1
            for stride in self.network.strides:
                factor *= stride
        else:
            factor = 32
        for name, size in (
            ("training.patch_size", self.training.patch_size),
            ("inference.window_size", self.inference.window_size),
        ):
            if min(size) < 2 * factor:
                raise ValueError(f"{name} must be at least {2 * factor} for this network; it is {list(size)}")
            if any(n % factor for n in size):
                raise ValueError(
                    f"{name} must be multiples of {factor}, which this network halves down from; it is {list(size)}"
                )
        return self
