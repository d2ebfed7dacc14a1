"""How the network was applied, in words: what a report says beside the figures."""

from __future__ import annotations

from ..inference.batch_size import BatchSize
from ..inference.device import DeviceChoice
from ..inference.quantization import Quantization
from ..inference.sliding_window import SlidingWindow
from ..inference.tensor_float import tensor_float_32_in_words
from ..recipe.schema import Recipe
from ..recipe.schema.inference import ExpectedPlace

LATTICE_IN_WORDS = {
    "stepped": "stepped: one step from window to window, the last moved back",
    "even": "even: windows spread evenly, at most a step apart",
    "body_centred": "body_centred: windows two steps apart, and again in the middle of every eight",
}


def settings_in_words(
    recipe: Recipe, window: SlidingWindow, device: DeviceChoice, batch: BatchSize, quantization: Quantization | None
) -> dict[str, str]:
    """Say for each option of inference what was done, and why.

    Returns
    -------
    dict of str to str
        By the recipe's keys under ``inference``.
    """
    return {
        "precision": f"{device.precision}: {device.precision_reason}",
        "tf32": tensor_float_32_in_words(recipe.inference.tf32, device),
        "quantization": quantization.describe() if quantization else "none",
        "batch_size": f"{batch.windows}: {batch.reason}",
        "mirror_axes": _mirroring(recipe.inference.mirror_axes),
        "overlap": f"{window.overlap:g}",
        "lattice": LATTICE_IN_WORDS[window.lattice],
        "coarse_overlap": _coarse_pass(window.coarse_overlap),
        "windows": _windows(recipe),
    }


def _mirroring(axes: tuple[str, ...]) -> str:
    if not axes:
        return "none: each window once"
    return f"{', '.join(axes)}: the mean over {2 ** len(axes)} flips of each window"


def _coarse_pass(overlap: float | None) -> str:
    return "none: every window" if overlap is None else f"{overlap:g}: windows between only where these leave doubt"


def _windows(recipe: Recipe) -> str:
    if recipe.preparation.region == "lungs":
        return "region: those of the lung region"
    if recipe.inference.windows == "region":
        return "region: all"
    if recipe.inference.windows == "body":
        return "body: those with a voxel of the body"
    place = recipe.inference.place_expected()
    return f"expected: those of the body {_spans(place)} and {place.margin_mm:g} mm around"


def _spans(place: ExpectedPlace) -> str:
    (right, left), (front, back) = place.x, place.y
    return f"from {right:.0%} to {left:.0%} of its width and {front:.0%} to {back:.0%} of its depth"
