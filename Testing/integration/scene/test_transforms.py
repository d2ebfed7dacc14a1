"""A parent transform is honoured: what is found and measured lies where the volume is seen."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from scipy.spatial.transform import Rotation

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene.volumes import read_volume
from LungTumorSegLib.volume import Grid
from support.scenes import add_ct, add_transform, ct_with_tumour, mask_points, segment_points, sort_points
from support.volumes import ball_mask

GRID = Grid((40, 36, 20), (8.0, 8.0, 12.0), (-160.0, -140.0, -120.0))
MOVED = np.eye(4)
MOVED[:3, :3] = Rotation.from_euler("xyz", (20, -35, 50), degrees=True).as_matrix()
MOVED[:3, 3] = (12.0, -34.0, 56.0)


@pytest.fixture
def moved_ct(scene):
    node = add_ct(scene, ct_with_tumour(GRID))
    node.SetAndObserveTransformNodeID(add_transform(scene, MOVED).GetID())
    return node


def tumour_in_world(matrix: np.ndarray) -> np.ndarray:
    """World RAS centres of the tumour's voxels, by the definition of a parent transform."""
    points = mask_points(ball_mask(GRID))
    return sort_points(points @ matrix[:3, :3].T + matrix[:3, 3])


def test_a_new_segmentation_lies_where_the_volume_is_seen(moved_ct, logic):
    node = logic.segment(moved_ct)
    assert node.GetTransformNodeID() == moved_ct.GetTransformNodeID()
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    np.testing.assert_allclose(segment_points(node, segment_id), tumour_in_world(MOVED), atol=1e-6)


@pytest.mark.parametrize("own_transform", [False, True])
def test_a_chosen_segmentation_may_be_under_another_transform(scene, moved_ct, logic, own_transform):
    chosen = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    if own_transform:
        turned = np.eye(4)
        turned[:3, :3] = Rotation.from_euler("xyz", (-70, 10, 5), degrees=True).as_matrix()
        turned[:3, 3] = (-5.0, 6.0, 7.0)
        chosen.SetAndObserveTransformNodeID(add_transform(scene, turned).GetID())
    parent = chosen.GetTransformNodeID()
    logic.segment(moved_ct, chosen)
    assert chosen.GetTransformNodeID() == parent
    (segment_id,) = chosen.GetSegmentation().GetSegmentIDs()
    np.testing.assert_allclose(segment_points(chosen, segment_id), tumour_in_world(MOVED), atol=1e-5)


def test_measurements_are_in_the_world(scene, moved_ct, logic):
    node = logic.segment(moved_ct)
    (lesion,) = logic.measure(node)["lesions"]
    np.testing.assert_allclose(
        np.array(lesion["centroid_lps_mm"]) * (-1, -1, 1), tumour_in_world(MOVED).mean(axis=0), atol=1e-6
    )
    for axis in ("long", "short"):
        line = scene.GetFirstNodeByName(f"Lesion 1 {axis} axis")
        assert line.GetTransformNodeID() == node.GetTransformNodeID()
        assert line.GetLineLengthWorld() == pytest.approx(lesion[f"{axis}_axis_mm"], abs=1e-6)
        ends = slicer.util.arrayFromMarkupsControlPoints(line, world=True)
        expected = np.array(lesion[f"{axis}_axis_points_lps_mm"]) * (-1, -1, 1)
        np.testing.assert_allclose(ends, expected, atol=1e-6)


def test_measurements_move_with_the_transform(scene, moved_ct, logic):
    node = logic.segment(moved_ct)
    logic.measure(node)
    line = scene.GetFirstNodeByName("Lesion 1 long axis")
    before = slicer.util.arrayFromMarkupsControlPoints(line, world=True)
    node.GetParentTransformNode().SetMatrixTransformToParent(vtk.vtkMatrix4x4())
    back = np.linalg.inv(MOVED)
    expected = before @ back[:3, :3].T + back[:3, 3]
    np.testing.assert_allclose(slicer.util.arrayFromMarkupsControlPoints(line, world=True), expected, atol=1e-6)


def test_turning_does_not_change_what_is_measured(scene, moved_ct, logic):
    """Axial slices are those of the volume; a small turn leaves them what they are."""
    slightly = np.eye(4)
    slightly[:3, :3] = Rotation.from_euler("xyz", (3, -4, 5), degrees=True).as_matrix()
    moved_ct.GetParentTransformNode().SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(slightly))
    straight = add_ct(scene, ct_with_tumour(GRID))
    turned, plain = logic.measure(logic.segment(moved_ct)), logic.measure(logic.segment(straight))
    for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "diameter_3d_mm", "slice_index", "mean_hu"):
        assert turned["lesions"][0][key] == pytest.approx(plain["lesions"][0][key], rel=1e-9), key


def test_scaling_along_the_voxel_axes_is_measured_as_seen(scene, logic):
    """A corrected spacing is such a transform: the grid stays regular, its spacing grows."""
    node = add_ct(scene, ct_with_tumour(GRID))
    plain = logic.measure(logic.segment(node))["lesions"][0]["volume_ml"]
    node.SetAndObserveTransformNodeID(add_transform(scene, np.diag([1.0, 1.0, 0.5, 1.0])).GetID())
    halved = logic.measure(logic.segment(node))["lesions"][0]["volume_ml"]
    assert halved == pytest.approx(plain / 2)
    assert read_volume(node).grid.spacing[2] == pytest.approx(6.0)


def shear(scene):
    matrix = np.eye(4)
    matrix[0, 2] = 0.2
    return add_transform(scene, matrix)


def warp(scene):
    node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Warp")
    field = vtk.vtkImageData()
    field.SetDimensions(4, 4, 4)
    field.AllocateScalars(vtk.VTK_DOUBLE, 3)
    field.GetPointData().GetScalars().Fill(1.0)
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(field)
    node.SetAndObserveTransformToParent(transform)
    return node


@pytest.mark.parametrize(("make", "reason"), [(shear, "right angles"), (warp, "not linear")])
def test_a_transform_that_leaves_no_regular_grid_is_refused(scene, logic, make, reason):
    node = add_ct(scene)
    node.SetAndObserveTransformNodeID(make(scene).GetID())
    before = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match=reason) as error:
        logic.segment(node)
    assert "harden" in str(error.value)
    assert scene.GetNumberOfNodes() == before
