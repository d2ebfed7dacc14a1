"""The segment editor's effects: paint and erase, with a brush on a slice view, on the real segment editor logic."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import slicer
import vtk
from PySide6 import QtCore
from vtk.util.numpy_support import vtk_to_numpy

DIAMETER = "BrushAbsoluteDiameter"  # mm


class qSlicerSegmentEditorAbstractEffect(QtCore.QObject):
    """An effect: its parameters are kept in the segment editor's node."""

    name = QtCore.Property(str, lambda self: self._name)
    title = QtCore.Property(str, lambda self: self._name)
    defaults: ClassVar = {DIAMETER: "5"}

    def __init__(self, name, logic, adds: bool):
        super().__init__()
        self._name, self._logic, self._adds = name, logic, adds

    def _node(self):
        return self._logic.GetSegmentEditorNode()

    @QtCore.Slot(str)
    def parameter(self, name):
        """Return the effect's own parameter or, where it has none, the one that is common to all effects."""
        node = self._node()
        return node.GetAttribute(f"{self._name}.{name}") or node.GetAttribute(name) or self.defaults.get(name, "")

    @QtCore.Slot(str)
    def doubleParameter(self, name):
        return float(self.parameter(name))

    @QtCore.Slot(str, object)
    def setParameter(self, name, value):
        self._node().SetAttribute(f"{self._name}.{name}", str(value))

    @QtCore.Slot(str, object)
    def setCommonParameter(self, name, value):
        self._node().SetAttribute(name, str(value))

    def stroke(self, slice_node, points) -> None:
        """Paint or erase a line of points (n, 3; world RAS, mm) with a round brush, as thick as the slice's voxels."""
        logic = self._logic
        logic.SaveStateForUndo()
        logic.UpdateReferenceGeometryImage()
        logic.ResetModifierLabelmapToDefault()
        image = logic.GetModifierLabelmap()
        fill_brush(image, points, self.doubleParameter(DIAMETER) / 2, slice_node)
        mode = logic.ModificationModeAdd if self._adds else logic.ModificationModeRemove
        segmentation, segment_id = logic.GetSegmentationNode(), logic.GetCurrentSegmentID()
        logic.ModifySegmentByLabelmap(segmentation, segment_id, image, mode, True, False)


def fill_brush(image: slicer.vtkOrientedImageData, points, radius: float, slice_node) -> None:
    """Set the voxels of an image whose centres lie in a disk of the slice around one of the points.

    Parameters
    ----------
    image : vtkOrientedImageData
        Changed in place.
    points : array_like (n, 3)
        World RAS, mm.
    radius : float
        Of the disk, mm.
    slice_node : vtkMRMLSliceNode
        Gives the plane. Half a voxel to each side belongs to it.
    """
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    to_world = slicer.util.arrayFromVTKMatrix(matrix)
    normal = slicer.util.arrayFromVTKMatrix(slice_node.GetSliceToRAS())[:3, 2]
    thickness = np.abs(to_world[:3, :3].T @ normal).max()
    extent = image.GetExtent()
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    first = np.array(extent[::2])
    for point in np.asarray(points, float):
        centre = (np.linalg.inv(to_world) @ [*point, 1])[:3] - first
        reach = np.ceil(radius / np.linalg.norm(to_world[:3, :3], axis=0)).astype(int) + 1
        low = np.clip(np.round(centre).astype(int) - reach, 0, None)
        high = np.minimum(np.round(centre).astype(int) + reach + 1, voxels.shape[::-1])
        if (high <= low).any():
            continue
        k, j, i = np.meshgrid(*(np.arange(a, b) for a, b in zip(low[::-1], high[::-1], strict=True)), indexing="ij")
        offset = (np.stack([i, j, k], axis=-1) - centre) @ to_world[:3, :3].T
        depth = offset @ normal
        inside = (np.abs(depth) <= thickness / 2) & ((offset**2).sum(-1) - depth**2 <= radius**2)
        voxels[low[2] : high[2], low[1] : high[1], low[0] : high[0]][inside] = 1
    image.Modified()
