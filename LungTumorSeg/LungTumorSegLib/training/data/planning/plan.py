"""From the fingerprint of a data set, and a memory budget, to a network in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import InputError
from ....networks.residual_encoder import kernel_sizes
from ....recipe.schema import PlannedNetwork, Recipe
from ....recipe.schema.part import PLAN
from ....wording import counted
from .memory import gigabytes, values_of_a_patch
from .topology import SpacingMM, Triple, factor_of, fitted, one_step_smaller

FIRST_PATCH = 256**3  # voxels of the cube in mm that is begun with, more than any budget here allows
SMALLEST_BATCH = 2


@dataclass(frozen=True)
class Plan:
    """A plan; triples are xyz.

    Attributes
    ----------
    spacing_mm, patch_size, batch_size
    channels, strides, kernel_sizes, blocks : tuple
        Of the levels, from the finest.
    memory_gb : float
        What training takes, as far as it can be counted.
    why : tuple of str
        A line for each choice.
    """

    spacing_mm: SpacingMM
    patch_size: Triple
    batch_size: int
    channels: tuple[int, ...]
    strides: tuple[Triple, ...]
    kernel_sizes: tuple[Triple, ...]
    blocks: tuple[int, ...]
    memory_gb: float
    why: tuple[str, ...]


def make_plan(recipe: Recipe, fingerprint: dict) -> Plan:
    """Plan what a recipe leaves open.

    Patches have the shape of a cube in mm, at most as large as the median scan, and lose voxels along the axis that is
    longest for the scans until two of them fit into the memory; what is then left over makes the batch larger. A patch
    or batch size that the recipe gives in numbers is kept.

    Parameters
    ----------
    recipe : Recipe
        Its preparation in numbers, its ``network.name`` ``plan``.
    fingerprint : dict
        As ``fingerprint.json`` holds it.

    Raises
    ------
    InputError
        The memory does not suffice for the smallest patch, or the scans are too small for a network of levels.
    """
    spacing, network = recipe.preparation.spacing_mm, recipe.network
    if spacing is None or None in spacing:
        do = "set it to numbers, or to fingerprint"
        raise InputError("a plan needs one spacing for all cases", "preparation.spacing_mm", do)
    median = _median_size(fingerprint, spacing)
    build = _builder(network, spacing, 1 + len(recipe.labels))
    if recipe.training.patch_size == PLAN:
        draft, steps = _largest_that_fits(build, spacing, median, network)
    else:
        draft, steps = build(recipe.training.patch_size), 0
        if draft.patch_size != tuple(recipe.training.patch_size):
            do = f"use {list(draft.patch_size)}, or leave it to the plan"
            raise InputError("its levels do not halve evenly", "training.patch_size", do)
    batch = _batch_size(recipe, draft, median, fingerprint["cases"])
    return Plan(
        spacing_mm=spacing,
        patch_size=draft.patch_size,
        batch_size=batch,
        channels=draft.channels,
        strides=draft.strides,
        kernel_sizes=tuple(kernel[::-1] for kernel in kernel_sizes([stride[::-1] for stride in draft.strides])),
        blocks=draft.blocks,
        memory_gb=round(gigabytes(draft.values, batch), 2),
        why=_reasons(recipe, fingerprint, median, draft, batch, steps),
    )


def apply_plan(recipe: Recipe, plan: Plan) -> Recipe:
    """Return the recipe with the plan's numbers where it says ``plan``."""
    content = recipe.model_dump(mode="json")
    network = recipe.network
    content["network"] = {
        "name": "resenc",
        "channels": plan.channels,
        "strides": plan.strides,
        "blocks": plan.blocks,
        "dropout": network.dropout,
        "deep_supervision": network.deep_supervision,
    }
    numbers = {("training", "patch_size"): plan.patch_size, ("training", "batch_size"): plan.batch_size}
    numbers |= {("inference", "window_size"): plan.patch_size}
    for (part, key), value in numbers.items():
        if content[part][key] == PLAN:
            content[part][key] = value
    return Recipe.model_validate(content)


@dataclass(frozen=True)
class _Draft:
    """A network for a patch, and the values that training keeps for it."""

    patch_size: Triple
    strides: tuple[Triple, ...]
    channels: tuple[int, ...]
    blocks: tuple[int, ...]
    values: int


def _builder(network: PlannedNetwork, spacing: SpacingMM, classes: int) -> Callable[[Triple], _Draft]:
    """Return what makes the network for a patch."""

    def build(size: Triple) -> _Draft:
        patch, strides = fitted(spacing, size, network.smallest_edge)
        levels = range(len(strides) + 1)
        channels = tuple(min(network.features * 2**level, network.most_features) for level in levels)
        blocks = tuple(network.blocks[min(level, len(network.blocks) - 1)] for level in levels)
        return _Draft(patch, strides, channels, blocks, values_of_a_patch(patch, strides, channels, blocks, classes))

    return build


def _largest_that_fits(
    build: Callable[[Triple], _Draft], spacing: SpacingMM, median: Triple, network: PlannedNetwork
) -> tuple[_Draft, int]:
    """Shrink the patch until two of them fit, and tell in how many steps."""
    side = (FIRST_PATCH * math.prod(spacing)) ** (1 / 3)  # mm
    draft = build(tuple(min(round(side / step), n) for step, n in zip(spacing, median, strict=True)))
    if not draft.strides:
        what = f"the scans are too small for a network of levels ({_by(median)} voxels, median)"
        raise InputError(what, "network.name: plan", "give a smaller spacing_mm or smallest_edge")
    steps = 0
    while gigabytes(draft.values, SMALLEST_BATCH) > network.memory_gb:
        longest = int(np.argmax([n / whole for n, whole in zip(draft.patch_size, median, strict=True)]))
        smaller = one_step_smaller(spacing, draft.patch_size, longest, network.smallest_edge)
        if min(smaller) < network.smallest_edge or not build(smaller).strides:
            what = f"{network.memory_gb:g} GB do not suffice for two patches of {_by(draft.patch_size)} voxels"
            raise InputError(what, "network.memory_gb", "give more, or fewer network.features")
        draft, steps = build(smaller), steps + 1
    return draft, steps


def _batch_size(recipe: Recipe, draft: _Draft, median: Triple, cases: int) -> int:
    """As many patches as fit, two at least, and not more than the data set has voxels for."""
    if recipe.training.batch_size != PLAN:
        return recipe.training.batch_size
    fitting = round(recipe.network.memory_gb / gigabytes(draft.values, 1))
    covering = round(cases * math.prod(median) / math.prod(draft.patch_size))
    return max(SMALLEST_BATCH, min(fitting, covering))


def _median_size(fingerprint: dict, spacing: SpacingMM) -> Triple:
    """Median size of the cases' bodies on the prepared grid, voxels."""
    sizes = [
        np.array(case.get("body_voxels") or case["size_voxels"]) * case["spacing_mm"] / spacing
        for case in fingerprint["per_case"].values()
    ]
    return tuple(round(n) for n in np.median(sizes, axis=0).tolist())


def _reasons(
    recipe: Recipe, fingerprint: dict, median: Triple, draft: _Draft, batch: int, steps: int
) -> tuple[str, ...]:
    """Say why, a line for each choice."""
    network, training = recipe.network, recipe.training
    given = "as the recipe says"
    smaller = (
        f"a cube in mm within the median body of {_by(median)} voxels, made smaller in {steps} steps until two "
        f"patches fit into {network.memory_gb:g} GB"
    )
    limit = "as many as fit, two at least, and not more than the data set has voxels for"
    coarsest = tuple(n // step for n, step in zip(draft.patch_size, factor_of(draft.strides), strict=True))
    return (
        f"spacing {_by(recipe.preparation.spacing_mm)} mm: {_spacing_in_words(recipe, fingerprint)}",
        f"patches of {_by(draft.patch_size)} voxels: {smaller if training.patch_size == PLAN else given}",
        f"{len(draft.channels)} levels: axes are halved while {network.smallest_edge} voxels stay, those within twice "
        f"the finest spacing together; the coarsest level has {_by(coarsest)}",
        f"features {', '.join(map(str, draft.channels))}: twice as many from level to level, "
        f"{network.most_features} at most",
        f"batch of {batch}: {limit if training.batch_size == PLAN else given}",
        f"{draft.values / 1e6:.0f} million values a patch: by nnU-Net's measure "
        f"{gigabytes(draft.values, batch):.1f} GB for the batch",
    )


def _spacing_in_words(recipe: Recipe, fingerprint: dict) -> str:
    target, median = fingerprint["target_spacing_mm"], fingerprint["spacing_mm"]["median"]
    if list(recipe.preparation.spacing_mm) != list(map(float, target)):
        return "as the recipe says"
    coarse = max(abs(a - b) for a, b in zip(target, median, strict=True)) > 1e-3
    rule = ", along the coarsest axis the 10th percentile, as the scans are anisotropic" if coarse else ""
    return f"the median of {counted(fingerprint['cases'], 'case')}{rule}"


def _by(values: Sequence[float]) -> str:
    return " x ".join(f"{value:g}" for value in values)
