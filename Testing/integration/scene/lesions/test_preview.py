"""What the network has found so far is seen over the CT, and nothing of it stays."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.scene.preview import is_preview
from LungTumorSegLib.volume import Grid, Volume
from support.lesions import LARGE, found, voxels
from support.scenes import add_transform, mask_points, segment_points


@pytest.fixture
def request_(ct_node, logic):
    return logic.prepareSegmentation(ct_node)


def so_far(ct: Volume, extent=LARGE) -> Volume:
    """A mask cut to its box, as the worker sends it."""
    size = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in range(3))
    grid = Grid(size, ct.grid.spacing, tuple(ct.grid.to_physical(extent[::2])), ct.grid.direction)
    return Volume(np.ones(grid.shape, np.uint8), grid)


def previews(scene) -> list:
    number = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    nodes = [scene.GetNthNodeByClass(k, "vtkMRMLSegmentationNode") for k in range(number)]
    return [node for node in nodes if is_preview(node)]


def test_it_lies_on_the_ct_and_is_renewed_in_place(scene, ct_node, request_, logic):
    logic.showPreview(request_, so_far(request_.ct, (10, 12, 20, 22, 6, 7)))
    (node,) = previews(scene)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    changed = []
    node.AddObserver(slicer.vtkSegmentation.RepresentationModified, lambda *event: changed.append(event))
    logic.showPreview(request_, so_far(request_.ct))
    assert previews(scene) == [node]
    assert node.GetSegmentation().GetSegmentIDs() == (segment_id,)
    np.testing.assert_allclose(segment_points(node, segment_id), mask_points(so_far(request_.ct)), atol=1e-6)
    assert changed, "views draw it anew"
    nothing = so_far(request_.ct, (0, 0, 0, 0, 0, 0))
    logic.showPreview(request_, nothing.with_array(np.zeros_like(nothing.array)))
    assert len(segment_points(node, segment_id)) == 0


def test_it_is_an_outline_that_nobody_can_choose_or_save(scene, request_, logic):
    logic.showPreview(request_, so_far(request_.ct))
    (node,) = previews(scene)
    display = node.GetDisplayNode()
    assert node.GetHideFromEditors()
    assert not node.GetSaveWithScene()
    assert display.GetVisibility2DOutline()
    assert not display.GetVisibility2DFill()
    assert not display.GetVisibility3D()
    scene.SetSaveToXMLString(1)
    scene.Commit()
    assert "Preview" not in scene.GetSceneXMLString()


def test_it_follows_the_volumes_transform(scene, ct_node, request_, logic):
    shift = np.eye(4)
    shift[:3, 3] = (11.0, -7.0, 5.0)
    ct_node.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    logic.showPreview(request_, so_far(request_.ct))
    (node,) = previews(scene)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    expected = mask_points(so_far(request_.ct)) + shift[:3, 3]
    np.testing.assert_allclose(segment_points(node, segment_id), expected, atol=1e-6)


def test_the_result_takes_its_place(scene, request_, logic):
    logic.showPreview(request_, so_far(request_.ct))
    node, segment_id = logic.insertResult(request_, found(request_.ct))
    assert not previews(scene)
    assert len(segment_points(node, segment_id)) > voxels(LARGE)
    assert not logic.history._histories[node].segments.IsRestoreNextStateAvailable()


def test_it_can_be_removed_again_and_again(scene, request_, logic):
    before = [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())]
    logic.removePreview()
    logic.showPreview(request_, so_far(request_.ct))
    logic.removePreview()
    logic.removePreview()
    left = [scene.GetNthNode(k) for k in range(scene.GetNumberOfNodes())]
    assert {node.GetClassName() for node in left if node.GetID() not in before} <= {"vtkMRMLSubjectHierarchyNode"}


def test_a_failed_insertion_removes_it_too(scene, ct_node, request_, logic):
    logic.showPreview(request_, so_far(request_.ct))
    scene.RemoveNode(ct_node)
    with pytest.raises(Exception, match="no longer in the scene"):
        logic.insertResult(request_, found(request_.ct))
    assert not previews(scene)


def test_one_that_was_saved_with_a_scene_is_found_and_removed(scene, request_, logic):
    logic.showPreview(request_, so_far(request_.ct))
    (node,) = previews(scene)
    node.SetSaveWithScene(True)
    scene.SetSaveToXMLString(1)
    scene.Commit()
    scene.Clear()
    scene.SetLoadFromXMLString(1)
    scene.SetSceneXMLString(scene.GetSceneXMLString())
    scene.Import()
    assert len(previews(scene)) == 1
    logic.removePreview()
    assert not previews(scene)


def test_after_the_scene_is_closed_there_is_nothing_to_show_it_on(scene, request_, logic):
    logic.showPreview(request_, so_far(request_.ct))
    scene.Clear()
    assert not previews(scene)
    logic.showPreview(request_, so_far(request_.ct))
    assert not previews(scene)
