"""Masks brought onto one grid: shifted where their voxels coincide, resampled where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import slicer

from ..volume import Grid, Volume
from .geometry import ijk_to_ras, to_vtk
from .labelmaps import image_from_mask, mask_from_image

_SAME_TO = 1e-2  # of a voxel: far below what moves a nearest neighbour, far above round-off of stored headers


def offset_on(lattice: Grid, grid: Grid) -> tuple[int, int, int] | None:
    """Return the index (xyz) of ``grid``'s first voxel on ``lattice``, or None where their voxels do not coincide."""
    corners = np.vstack([np.zeros(3), np.diag(np.maximum(np.array(grid.size) - 1.0, 1.0))])
    indices = lattice.to_index(grid.to_physical(corners))
    shift = np.round(indices[0])
    if np.abs(indices - corners - shift).max() > _SAME_TO:
        return None
    return tuple(int(n) for n in shift)


def union(lattice: Grid, other: Grid) -> Grid:
    """Return the smallest grid on ``lattice`` that holds both grids, whose voxels must coincide."""
    first = np.array(offset_on(lattice, other))
    low = np.minimum(first, 0)
    high = np.maximum(first + other.size, lattice.size)
    if (low == 0).all() and (high == lattice.size).all():
        return lattice
    return replace(lattice, size=tuple(high - low), origin=tuple(lattice.to_physical(low)))


def place(mask: Volume, grid: Grid) -> Volume:
    """Return ``mask`` on a grid that holds it and whose voxels coincide with its own; 0 around it."""
    start = offset_on(grid, mask.grid)
    box = tuple(slice(first, first + n) for first, n in zip(reversed(start), mask.grid.shape, strict=True))
    array = np.zeros(grid.shape, dtype=mask.array.dtype)
    array[box] = mask.array
    return Volume(array, grid)


def resample(mask: Volume, lattice: Grid) -> Volume:
    """Return ``mask`` with the voxels of ``lattice``, by Slicer's nearest-neighbour resampling of labelmaps.

    The result is the mask's own box, wherever it lies; it is not cut to the lattice's size.
    """
    like = slicer.vtkOrientedImageData()
    like.SetImageToWorldMatrix(to_vtk(ijk_to_ras(lattice)))
    like.SetExtent(0, -1, 0, -1, 0, -1)  # no voxels: the result takes the mask's extent
    resampled = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(
        image_from_mask(mask, np.eye(4)), like, resampled, False, True
    )
    return mask_from_image(resampled, 1, np.eye(4), "the resampled mask")
