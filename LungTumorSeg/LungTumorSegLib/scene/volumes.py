"""A volume node's voxels, where the person sees them."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..errors import InputError
from ..volume import Volume
from ..volume.checks import check_finite, check_grid, check_hounsfield
from .geometry import grid_from_ras, ijk_to_ras, node_to_world, to_vtk


def read_volume(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Return a volume node's voxels on their grid in the world.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        A CT in HU or a labelmap; one component. Linear parent transforms are applied to the grid.

    Returns
    -------
    Volume
        The array is a read-only view of the node's memory: nothing is copied.

    Raises
    ------
    InputError
        Not a scalar volume, no voxels, or a parent transform under which the grid is not regular.
    """
    if node is None or not node.IsA("vtkMRMLScalarVolumeNode"):
        kind = "nothing" if node is None else node.GetClassName()
        raise InputError(f"expected a scalar volume node, got {kind}", do="choose a CT volume")
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise InputError("the volume has no voxels", node.GetName(), "load the image, or choose another volume")
    if image.GetNumberOfScalarComponents() != 1:
        raise InputError(
            "the volume has several values per voxel (a colour image?)", node.GetName(), "choose a CT volume"
        )
    array = slicer.util.arrayFromVolume(node)
    array.setflags(write=False)
    to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(to_ras)
    to_world = node_to_world(node) @ slicer.util.arrayFromVTKMatrix(to_ras)
    return Volume(array, grid_from_ras(to_world, image.GetDimensions(), node.GetName()))


def read_ct(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Return a volume node that can be a chest CT in HU, as `read_volume` does.

    The checks are those of a CT read from a file. Voxels other than int16 and float32 (Slicer loads some series as
    double) are copied to float32.

    Raises
    ------
    InputError
        Also where the voxels cannot be a chest CT in HU.
    """
    if node is not None and node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError("is a labelmap, not a CT", node.GetName(), "choose the CT it was drawn on")
    volume = read_volume(node)
    check_grid(volume.grid, node.GetName())
    check_finite(volume.array, node.GetName())
    check_hounsfield(volume.array, node.GetName())
    if volume.array.dtype in (np.int16, np.float32):
        return volume
    return volume.with_array(volume.array.astype(np.float32))


def add_volume(
    scene: slicer.vtkMRMLScene, volume: Volume, name: str, class_name: str = "vtkMRMLScalarVolumeNode"
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a volume (a labelmap, by its class name) to a scene, without a parent transform; voxels are copied once."""
    image = vtk.vtkImageData()
    image.SetDimensions(volume.grid.size)
    voxels = np.ascontiguousarray(volume.array).ravel()
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(voxels, deep=True))
    node = scene.AddNewNodeByClass(class_name, name)
    node.SetIJKToRASMatrix(to_vtk(ijk_to_ras(volume.grid)))
    node.SetAndObserveImageData(image)
    node.CreateDefaultDisplayNodes()
    return node
