"""Between masks on grids and the oriented images that segments are made of."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..measurements.lesions import crop
from ..volume import Grid, Volume
from ..volume.boxes import bounding_box
from ..volume.lattices import offset_on, part_of
from .geometry import grid_from_ras, ijk_to_ras, to_vtk


def image_from_mask(
    mask: Volume, world_to_node: np.ndarray, lattice: Grid | None = None
) -> slicer.vtkOrientedImageData:
    """Return a mask as a segment's image.

    Parameters
    ----------
    mask : Volume
        Nonzero inside; on its grid in the world.
    world_to_node : ndarray of shape (4, 4)
        From RAS in the world to the segmentation node's coordinates.
    lattice : Grid, optional
        Where indices count from: a grid whose voxels coincide with the mask's, such as the CT that the mask is a part
        of. Without it they count from the mask's first voxel.

    Returns
    -------
    vtkOrientedImageData
        Voxels of 0 and 1; only the box of the nonzero ones is stored. An empty mask gives an image without voxels.
    """
    lattice = lattice or mask.grid
    first = offset_on(lattice, mask.grid)
    image = slicer.vtkOrientedImageData()
    image.SetImageToWorldMatrix(to_vtk(world_to_node @ ijk_to_ras(lattice)))
    box = bounding_box(mask.array)
    voxels = np.ascontiguousarray(mask.array[box] != 0).view(np.uint8)
    if voxels.size == 0:
        image.SetExtent(0, -1, 0, -1, 0, -1)
        image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        return image
    extent = [(n + part.start, n + part.stop - 1) for n, part in zip(first, reversed(box), strict=True)]
    image.SetExtent([end for ends in extent for end in ends])
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(voxels.ravel(), deep=True))
    return image


def mask_from_image(image: slicer.vtkOrientedImageData, label: int, node_to_world: np.ndarray, where: str) -> Volume:
    """Return one label of a segment's image as a mask in the world.

    Parameters
    ----------
    image : vtkOrientedImageData
        May hold other segments of the same layer, and need not be cropped.
    label : int
        The segment's value in the image.
    node_to_world : ndarray of shape (4, 4)
        From the segmentation node's coordinates to RAS in the world.
    where : str
        The node's name, for messages.

    Returns
    -------
    Volume
        uint8, 0 and 1: the label's box. An empty label gives a single voxel of 0.
    """
    extent = np.array(image.GetExtent()).reshape(3, 2)
    size = [int(n) for n in extent[:, 1] - extent[:, 0] + 1]
    lattice = lattice_of(image, node_to_world, where)
    if min(size) < 1 or image.GetPointData().GetScalars() is None:
        return Volume(np.zeros((1, 1, 1), np.uint8), lattice)
    voxels = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(size[::-1]) == label
    return crop_to_voxels(Volume(voxels, part_of(lattice, extent[:, 0], size)))


def lattice_of(image: slicer.vtkOrientedImageData, node_to_world: np.ndarray, where: str) -> Grid:
    """Return the grid (of one voxel) at which an image's indices begin; parameters as in `mask_from_image`."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return grid_from_ras(node_to_world @ slicer.util.arrayFromVTKMatrix(matrix), (1, 1, 1), where)


def same_voxels(a: Volume, b: Volume) -> bool:
    """Tell whether two masks hold the same voxels at the same place."""
    return a.grid.same_as(b.grid) and np.array_equal(a.array, b.array)


def crop_to_voxels(mask: Volume) -> Volume:
    """Return the box of a mask's nonzero voxels as uint8, 0 and 1; a single voxel of 0 where there are none."""
    box = bounding_box(mask.array)
    part = crop(mask, box if box[0].stop else (slice(0, 1),) * 3)
    return part.with_array((part.array != 0).view(np.uint8))
