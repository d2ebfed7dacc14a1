"""A volume node's voxels, where the person sees them."""

from __future__ import annotations

from collections import OrderedDict, deque

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..errors import InputError
from ..measurements.lesions import crop
from ..volume import Volume
from ..volume.boxes import Box, bounding_box
from ..volume.checks import check_finite, check_grid, check_hounsfield
from .geometry import grid_from_ras, ijk_to_ras, node_to_world, to_vtk
from .labelmaps import crop_to_voxels


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

    The checks are those of a CT read from a file. Those that look at every voxel are made once, and again when the
    voxels have changed.

    Raises
    ------
    InputError
        Also where the voxels cannot be a chest CT in HU.
    """
    if node is not None and node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError("is a labelmap, not a CT", node.GetName(), "choose the CT it was drawn on")
    volume = read_volume(node)
    check_grid(volume.grid, node.GetName())
    stamp = time_stamp(node)
    if stamp not in _CHECKED:
        check_finite(volume.array, node.GetName())
        check_hounsfield(volume.array, node.GetName())
        _CHECKED.append(stamp)
    return volume


# VTK hands out each time stamp once in a process, so that one stands for the voxels of one image as they are.
_CHECKED: deque[int] = deque(maxlen=64)
_BOXES: OrderedDict[int, Box] = OrderedDict()


def read_labelmap(node: slicer.vtkMRMLLabelMapVolumeNode, label: int | None = None) -> Volume:
    """Return a labelmap as a mask (uint8, 0 and 1) in the world, cut to its box; errors as in `read_volume`.

    Where the box lies is looked for once, and again when the voxels have changed.

    Parameters
    ----------
    node : vtkMRMLLabelMapVolumeNode
    label : int, optional
        Of a labelmap with several labels only this one; without it all together.
    """
    volume = read_volume(node)
    stamp = time_stamp(node)
    if stamp not in _BOXES:
        _BOXES[stamp] = bounding_box(volume.array)
        if len(_BOXES) > _CHECKED.maxlen:
            _BOXES.popitem(last=False)
    box = _BOXES[stamp]
    part = crop(volume, box if box[0].stop else (slice(0, 1),) * 3)
    if label is not None and part.array.any() and part.array[part.array != 0].min() < part.array.max():
        part = part.with_array(part.array == label)
    return crop_to_voxels(part)


def time_stamp(node: slicer.vtkMRMLScalarVolumeNode) -> int:
    """Return the stamp of a volume node's voxels, which changes when they are replaced or said to be modified."""
    image = node.GetImageData()
    return 0 if image is None else image.GetMTime()


def for_the_network(ct: Volume) -> Volume:
    """Return a CT as int16 or float32; other voxels (Slicer loads some series as double) are copied to float32."""
    return ct if ct.array.dtype in (np.int16, np.float32) else ct.with_array(ct.array.astype(np.float32))


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
