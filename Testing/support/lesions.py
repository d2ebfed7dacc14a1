"""A segment with three lesions, and what a person does to it with Slicer's own means."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import slicer
import vtk

from LungTumorSegLib.volume import Grid, Volume
from support.scenes import add_ct, ct_with_tumour

GRID = Grid((60, 50, 24), (3.0, 3.2, 6.0), (-90.0, -80.0, -72.0), np.diag([-1.0, 1.0, 1.0]))

# first and last index of each: i, j, k; the largest first
LARGE, MIDDLE, SMALL = (10, 23, 20, 29, 6, 11), (40, 44, 30, 33, 15, 17), (30, 32, 10, 11, 3, 4)
CONFIDENCES = (0.9, 0.7, 0.5)


def box_of(extent: tuple[int, ...]) -> tuple[slice, ...]:
    """Slices (zyx) of an extent."""
    return tuple(slice(extent[2 * axis], extent[2 * axis + 1] + 1) for axis in (2, 1, 0))


def three_lesions() -> np.ndarray:
    mask = np.zeros(GRID.shape, np.uint8)
    for extent in (LARGE, MIDDLE, SMALL):
        mask[box_of(extent)] = 1
    return mask


def voxels(extent: tuple[int, ...]) -> int:
    return int(np.prod([part.stop - part.start for part in box_of(extent)]))


def found(ct: Volume, model=None, **ignored) -> SimpleNamespace:
    """Stands in for the network: the three lesions, cut to their box, with the network's confidence of each."""
    mask = three_lesions()
    inside = np.argwhere(mask)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    part = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    grid = Grid(part.shape[::-1], ct.grid.spacing, tuple(ct.grid.to_physical(low[::-1])), ct.grid.direction)
    lesions = [
        {"voxel_zyx": tuple((part.start + part.stop) // 2 for part in box_of(extent)), "confidence": confidence}
        for extent, confidence in zip((LARGE, MIDDLE, SMALL), CONFIDENCES, strict=True)
    ]
    return SimpleNamespace(mask=Volume(part, grid), lesions=lesions)


def add_ct_with_lesions(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode:
    return add_ct(scene, ct_with_tumour(GRID, three_lesions()))


def edit(node: slicer.vtkMRMLSegmentationNode, segment_id: str, extent: tuple[int, ...], *, paint: bool) -> None:
    """Paint or erase a box of the CT's voxels, as Slicer's segment editor does."""
    modifier = slicer.vtkOrientedImageData()
    matrix = vtk.vtkMatrix4x4()
    node.GetBinaryLabelmapInternalRepresentation(segment_id).GetImageToWorldMatrix(matrix)
    modifier.SetImageToWorldMatrix(matrix)
    modifier.SetExtent(extent)
    modifier.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    modifier.GetPointData().GetScalars().Fill(1)
    scene = node.GetScene()
    scene.RegisterNodeClass(slicer.vtkMRMLSegmentEditorNode())
    editor = slicer.vtkSlicerSegmentEditorLogic()
    editor.SetMRMLScene(scene)
    parameters = scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    editor.SetSegmentEditorNode(parameters)
    editor.SetSegmentationNode(node)
    editor.SetCurrentSegmentID(segment_id)
    mode = editor.ModificationModeAdd if paint else editor.ModificationModeRemove
    editor.ModifySegmentByLabelmap(node, segment_id, modifier, mode, False, True)
    scene.RemoveNode(parameters)


def drag(line: slicer.vtkMRMLMarkupsLineNode, offset_ras_mm: tuple[float, float, float], end: int = 1) -> None:
    """Move one end of a line in the world."""
    place = np.array(line.GetNthControlPointPositionWorld(end)) + offset_ras_mm
    line.SetNthControlPointPositionWorld(end, *place)


def line_of(scene: slicer.vtkMRMLScene, number: int, axis: str) -> slicer.vtkMRMLMarkupsLineNode:
    return scene.GetFirstNodeByName(f"Lesion {number} {axis} axis")
