"""A recipe's preparation, as one step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..lungs import LocatedRegion, Place, locate_body, locate_lungs
from ..recipe import refuse_unresolved
from ..recipe.schema import Inference, Preparation
from ..volume import Volume
from ..volume.boxes import grown
from ..volume.orientation import Orientation
from ..volume.resampling import AIR
from .grid_map import GridMap


@dataclass(frozen=True, eq=False)
class PreparedCT:
    """A CT on the prepared grid.

    Attributes
    ----------
    hu : ndarray, zyx, float32
        HU on the prepared grid (`LungTumorSegLib.preparation.intensity_channels` makes the network's input of it);
        where the recipe says so, air outside the region.
    region : ndarray of bool, zyx, or None
        The lung region, or what windows are limited to, on the prepared grid; ``None`` where the recipe looks at
        everything.
    located : LocatedRegion or None
        The same as it was found, from which it can be had on any part of the canonical input grid.
    grid_map : GridMap
        How to go back.
    """

    hu: np.ndarray
    region: np.ndarray | None
    located: LocatedRegion | None
    grid_map: GridMap


def prepare_ct(ct: Volume, preparation: Preparation, inference: Inference | None = None) -> PreparedCT:
    """Isolate the region, crop, reorient and resample.

    Parameters
    ----------
    ct : Volume
    preparation : Preparation
    inference : Inference, optional
        In inference, where windows may be limited to a part of the CT (``windows``).

    Raises
    ------
    InputError
        Where the recipe wants lungs and the CT shows none, or takes a value from the fingerprint of training data.
    """
    refuse_unresolved(preparation)
    located = _located(ct, preparation, inference)
    if located is None:
        grid_map = GridMap.plan(ct.grid, preparation.spacing_mm)
        return PreparedCT(grid_map.forward(ct.array, lowest=AIR), None, None, grid_map)
    canonical = Orientation.of(ct.grid).apply_to_grid(ct.grid)
    margin = tuple(math.ceil(preparation.region_margin_mm / step) for step in canonical.spacing[::-1])
    box = grown(located.bounding_box(), margin, canonical.shape)
    grid_map = GridMap.plan(ct.grid, preparation.spacing_mm, box)
    hu, region = grid_map.forward(ct.array, lowest=AIR), grid_map.forward_region(located)
    if preparation.outside == "air":
        hu[~region] = AIR
    return PreparedCT(hu, region, located, grid_map)


def _located(ct: Volume, preparation: Preparation, inference: Inference | None) -> LocatedRegion | None:
    """Find the part of the CT that is looked at; None: all of it."""
    if preparation.region == "lungs":
        return locate_lungs(ct, preparation.region_dilation_mm, preparation.region_dilation_in_slices)
    if inference is None or inference.windows == "region":
        return None
    if inference.windows == "body":
        return locate_body(ct)
    expected = inference.place_expected()
    return locate_body(ct, Place(expected.x, expected.y), expected.margin_mm)
