"""Grids whose voxels coincide: parts of one lattice that goes on without end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .grid import Grid
from .image import Volume
from .orientation import Orientation

SAME_TO = 1e-2  # of a voxel: far below what moves a nearest neighbour, far above round-off of stored headers


def offset_on(lattice: Grid, grid: Grid) -> tuple[int, int, int] | None:
    """Return the index (xyz) of ``grid``'s first voxel on ``lattice``, or None where their voxels do not coincide."""
    corners = np.vstack([np.zeros(3), np.diag(np.maximum(np.array(grid.size) - 1.0, 1.0))])
    indices = lattice.to_index(grid.to_physical(corners))
    shift = np.round(indices[0])
    if np.abs(indices - corners - shift).max() > SAME_TO:
        return None
    return tuple(int(n) for n in shift)


def part_of(lattice: Grid, first: tuple[int, int, int], size: tuple[int, int, int]) -> Grid:
    """Return the grid of ``size`` voxels (xyz) whose first voxel has the index ``first`` (xyz) on ``lattice``."""
    return replace(lattice, size=tuple(size), origin=tuple(lattice.to_physical(first)))


def holds(lattice: Grid, grid: Grid) -> bool:
    """Tell whether ``grid``, whose voxels coincide with those of ``lattice``, lies inside of it."""
    first = np.array(offset_on(lattice, grid))
    return bool((first >= 0).all() and (first + grid.size <= lattice.size).all())


def union(lattice: Grid, other: Grid) -> Grid:
    """Return the smallest grid on ``lattice`` that holds both grids, whose voxels must coincide."""
    if holds(lattice, other):
        return lattice
    first = np.array(offset_on(lattice, other))
    low = np.minimum(first, 0)
    return part_of(lattice, low, np.maximum(first + other.size, lattice.size) - low)


def turned(mask: Volume, lattice: Grid) -> Volume:
    """Return ``mask`` with its axes in the order and the sense of ``lattice``'s; no voxel is moved or copied.

    A file format may store an image the other way round (Slicer does, of left-handed axes), and voxels coincide still.
    """
    from_mask, to_lattice = Orientation.of(mask.grid), Orientation.of(lattice)
    canonical = from_mask.apply_to_grid(mask.grid)
    array = to_lattice.undo(from_mask.apply(mask.array))
    corner = [n - 1 if flip else 0 for n, flip in zip(canonical.size, to_lattice.flips, strict=True)]
    spacing, direction = np.empty(3), np.empty((3, 3))
    for k, (axis, flip) in enumerate(zip(to_lattice.axes, to_lattice.flips, strict=True)):
        spacing[axis] = canonical.spacing[k]
        direction[:, axis] = canonical.direction[:, k] * (-1.0 if flip else 1.0)
    return Volume(array, Grid(array.shape[::-1], tuple(spacing), tuple(canonical.to_physical(corner)), direction))


def place(mask: Volume, grid: Grid) -> Volume:
    """Return ``mask`` on a grid that holds it and whose voxels coincide with its own; 0 around it."""
    start = offset_on(grid, mask.grid)
    box = tuple(slice(first, first + n) for first, n in zip(reversed(start), mask.grid.shape, strict=True))
    array = np.zeros(grid.shape, dtype=mask.array.dtype)
    array[box] = mask.array
    return Volume(array, grid)
