"""A label map that covers a part of a grid, brought onto the whole of it without resampling."""

from __future__ import annotations

import numpy as np

from .grid import Grid
from .image import Volume

MAX_OFFSET = 1e-3  # voxels, as `Grid.same_as` allows


def place_on_grid(mask: Volume, grid: Grid) -> Volume | None:
    """Pad and crop a label map so that it lies on ``grid``.

    Parameters
    ----------
    mask : Volume
        Its voxels lie on voxels of ``grid``, extended without end.
    grid : Grid
        The grid wanted.

    Returns
    -------
    Volume or None
        The same labels on ``grid``, 0 where ``mask`` says nothing; None where that would need resampling or would cut
        off a labelled voxel.
    """
    if mask.grid.same_as(grid):
        return Volume(mask.array, grid)
    ends = np.array([(0, 0, 0), np.array(mask.grid.size) - 1])
    corners = np.array([[ends[(bits >> axis) & 1, axis] for axis in range(3)] for bits in range(8)])
    shifts = grid.to_index(mask.grid.to_physical(corners)) - corners
    offset = np.round(shifts[0]).astype(int)
    if np.abs(shifts - offset).max() > MAX_OFFSET:
        return None
    first = np.maximum(offset, 0)[::-1]
    last = np.minimum(offset + mask.grid.size, grid.size)[::-1]
    placed = np.zeros(grid.shape, dtype=mask.array.dtype)
    if (last > first).all():
        target = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        source = tuple(slice(a - o, b - o) for a, b, o in zip(first, last, offset[::-1], strict=True))
        placed[target] = mask.array[source]
    if np.count_nonzero(placed) != np.count_nonzero(mask.array):
        return None
    return Volume(placed, grid)
