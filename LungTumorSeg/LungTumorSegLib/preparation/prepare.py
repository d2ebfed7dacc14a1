"""A recipe's preparation, as one step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..lungs import find_lungs
from ..recipe import refuse_unresolved
from ..recipe.schema import Preparation
from ..volume import Volume
from ..volume.boxes import bounding_box, grown
from ..volume.orientation import Orientation
from ..volume.resampling import AIR
from .grid_map import BoxZYX, GridMap


@dataclass(frozen=True, eq=False)
class PreparedCT:
    """A CT on the prepared grid.

    Attributes
    ----------
    hu : ndarray, zyx, float32
        HU on the prepared grid (`LungTumorSegLib.preparation.intensity_channels` makes the network's input of it).
    region : ndarray of bool, zyx, or None
        The lung region on the prepared grid; ``None`` where the recipe looks at everything.
    region_on_input : ndarray of bool, zyx, or None
        The same on the input grid.
    grid_map : GridMap
        How to go back.
    """

    hu: np.ndarray
    region: np.ndarray | None
    region_on_input: np.ndarray | None
    grid_map: GridMap


def prepare_ct(ct: Volume, preparation: Preparation) -> PreparedCT:
    """Isolate the region, crop, reorient and resample.

    Raises
    ------
    InputError
        Where the recipe wants lungs and the CT shows none, or takes a value from the fingerprint of training data.
    """
    refuse_unresolved(preparation)
    if preparation.region == "all":
        grid_map = GridMap.plan(ct.grid, preparation.spacing_mm)
        return PreparedCT(grid_map.forward(ct.array, lowest=AIR), None, None, grid_map)
    region = find_lungs(ct).region
    grid_map = GridMap.plan(ct.grid, preparation.spacing_mm, _box(region, ct, preparation.region_margin_mm))
    return PreparedCT(grid_map.forward(ct.array, lowest=AIR), grid_map.forward(region) >= 0.5, region, grid_map)


def _box(region: np.ndarray, ct: Volume, margin_mm: float) -> BoxZYX:
    """Bounding box of ``region`` in canonical order, with a margin, inside the volume."""
    orientation = Orientation.of(ct.grid)
    canonical = orientation.apply(region)
    margin = tuple(math.ceil(margin_mm / step) for step in orientation.apply_to_grid(ct.grid).spacing[::-1])
    return grown(bounding_box(canonical), margin, canonical.shape)
