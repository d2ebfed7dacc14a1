"""Masks whose voxels do not coincide with those of another grid, brought onto it."""

from __future__ import annotations

import numpy as np
import slicer

from ..volume import Grid, Volume
from ..volume.lattices import offset_on, turned
from .geometry import ijk_to_ras, to_vtk
from .labelmaps import image_from_mask, mask_from_image


def aligned(mask: Volume, lattice: Grid) -> Volume:
    """Return ``mask`` with voxels that coincide with those of ``lattice``, its axes turned where they run otherwise.

    Where the voxels do not coincide it is resampled.
    """
    if offset_on(lattice, mask.grid) is not None:
        return mask
    as_seen = turned(mask, lattice)
    return as_seen if offset_on(lattice, as_seen.grid) is not None else resample(mask, lattice)


def coincides(mask: Volume, lattice: Grid) -> bool:
    """Tell whether a mask's voxels are voxels of ``lattice``, in whatever order of axes; so are those of none."""
    return not mask.array.any() or offset_on(lattice, turned(mask, lattice).grid) is not None


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
