"""What tests of the scene share: nodes made with Slicer's own means, and a predictor that needs no network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import slicer
import vtk

from LungTumorSegLib.scene.volumes import add_volume
from LungTumorSegLib.volume import Grid, Volume
from support.volumes import ball_mask, chest_volume

BRIGHT_HU = 1500  # nothing else in `chest_volume` is as bright
SECOND_HU = 2000  # a second patient's tumour


def new_scene(cache: Path) -> slicer.vtkMRMLScene:
    """An empty scene as the application makes it, able to save and load bundles; ``cache`` is a folder for that."""
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLApplicationLogic().SetMRMLScene(scene)  # adds the selection node, where units are looked up
    for logic in (slicer.vtkSlicerMarkupsLogic(), slicer.vtkSlicerSegmentationsModuleLogic()):
        logic.SetMRMLScene(scene)  # registers the nodes that files are read and written with
    files, manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    files.SetRemoteCacheDirectory(str(cache))
    manager.SetCacheManager(files)
    scene.SetCacheManager(files)
    scene.SetDataIOManager(manager)
    return scene


def ct_with_tumour(grid: Grid | None = None, mask: np.ndarray | None = None) -> Volume:
    """A chest CT whose tumour (a ball, or ``mask``, zyx) can be found by its brightness."""
    ct = chest_volume(grid)
    inside = ball_mask(ct.grid).array if mask is None else mask
    return ct.with_array(np.where(inside > 0, np.int16(BRIGHT_HU), ct.array))


def add_ct(scene: slicer.vtkMRMLScene, volume: Volume | None = None) -> slicer.vtkMRMLScalarVolumeNode:
    return add_volume(scene, volume or ct_with_tumour(), "CT")


def find_bright(ct: Volume, model, *, device, overlap, progress):
    """Stands in for the network: bright is tumour."""
    progress("network", 1.0)
    return SimpleNamespace(mask=ct.with_array((ct.array >= BRIGHT_HU).astype(np.uint8)), lesions=[])


def add_transform(scene: slicer.vtkMRMLScene, matrix: np.ndarray) -> slicer.vtkMRMLLinearTransformNode:
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Moved")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return node


def add_box_segment(node: slicer.vtkMRMLSegmentationNode, name: str, extent, ijk_to_ras: np.ndarray) -> str:
    """Add a segment that fills an extent (i0, i1, j0, j1, k0, k1), as another module would."""
    image = slicer.vtkOrientedImageData()
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras))
    image.SetExtent(extent)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(1)
    return node.AddSegmentFromBinaryLabelmapRepresentation(image, name, [0.1, 0.2, 0.3])


def segment_points(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> np.ndarray:
    """World RAS centres (n, 3) of a segment's voxels, found by VTK and numpy alone, sorted."""
    image = node.GetBinaryLabelmapInternalRepresentation(segment_id)
    label = node.GetSegmentation().GetSegment(segment_id).GetLabelValue()
    if image.GetNumberOfPoints() == 0:
        return np.zeros((0, 3))
    voxels = vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    first = np.array(image.GetExtent())[::2]
    index = np.argwhere(voxels.reshape(image.GetDimensions()[::-1]) == label)[:, ::-1] + first
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    to_world = slicer.util.arrayFromVTKMatrix(matrix)
    if node.GetParentTransformNode():
        parent = vtk.vtkMatrix4x4()
        node.GetParentTransformNode().GetMatrixTransformToWorld(parent)
        to_world = slicer.util.arrayFromVTKMatrix(parent) @ to_world
    return sort_points(index @ to_world[:3, :3].T + to_world[:3, 3])


def mask_points(mask: Volume) -> np.ndarray:
    """World RAS centres (n, 3) of a mask's voxels, sorted."""
    points = mask.grid.to_physical(np.argwhere(mask.array)[:, ::-1]) * (-1, -1, 1)
    return sort_points(points.reshape(-1, 3))


def sort_points(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(np.round(points, 3).T)]
