"""While the network runs the scene goes on living: what then cannot be inserted is refused, and nothing half done."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.errors import InputError
from support.lesions import add_ct_with_lesions, edit, found, three_lesions
from support.scenes import add_transform, mask_points, segment_points


def nodes(scene) -> list[str]:
    return [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())]


def refused(logic, request, reason: str) -> None:
    scene = slicer.mrmlScene
    before = nodes(scene)
    with pytest.raises(InputError, match=reason) as error:
        logic.insertResult(request, found(request.ct))
    assert "\n" not in str(error.value)
    assert nodes(scene) == before


def test_the_scene_was_closed(scene, ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    scene.Clear()
    refused(logic, request, "volume is no longer in the scene")


def test_the_scene_was_closed_and_another_volume_has_the_same_id(scene, ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    identifier = ct_node.GetID()
    scene.Clear()
    assert add_ct_with_lesions(scene).GetID() == identifier
    refused(logic, request, "volume is no longer in the scene")


def test_the_segmentation_was_deleted(scene, ct_node, logic):
    node = logic.segment(ct_node)
    request = logic.prepareSegmentation(ct_node, node)
    scene.RemoveNode(node)
    refused(logic, request, "segmentation is no longer in the scene")


def test_the_segment_was_deleted(ct_node, logic):
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    request = logic.prepareSegmentation(ct_node, node, segment_id)
    node.GetSegmentation().RemoveSegment(segment_id)
    refused(logic, request, "no segment with the ID")


def test_the_segmentation_was_made_one_of_surfaces(scene, ct_node, logic):
    node = logic.segment(ct_node)
    request = logic.prepareSegmentation(ct_node, node)
    node.CreateClosedSurfaceRepresentation()
    node.SetSourceRepresentationToClosedSurface()
    refused(logic, request, "Closed surface")


def test_the_voxels_were_replaced(ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    slicer.util.arrayFromVolume(ct_node)[0] = 0
    slicer.util.arrayFromVolumeModified(ct_node)
    refused(logic, request, "voxels have changed")


def test_the_volume_was_replaced_by_a_smaller_one(ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    slicer.util.updateVolumeFromArray(ct_node, np.full((4, 5, 6), 40, np.int16))
    refused(logic, request, "voxels have changed")


def test_an_image_that_is_only_said_to_be_modified_is_the_same(ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    slicer.util.arrayFromVolumeModified(ct_node)
    _, segment_id = logic.insertResult(request, found(request.ct))
    assert segment_id


def test_the_volume_was_moved_and_the_result_goes_with_it(scene, ct_node, logic):
    request = logic.prepareSegmentation(ct_node)
    shift = np.eye(4)
    shift[:3, 3] = (40.0, 50.0, 60.0)
    ct_node.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    node, segment_id = logic.insertResult(request, found(request.ct))
    expected = mask_points(request.ct.with_array(three_lesions())) + shift[:3, 3]
    np.testing.assert_allclose(segment_points(node, segment_id), expected, atol=1e-6)
    assert all(lesion.confidence is not None for lesion in logic.lesions(node))


def test_what_a_person_drew_meanwhile_stays(scene, ct_node, logic):
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    request = logic.prepareSegmentation(ct_node, node)
    edit(node, segment_id, (50, 54, 5, 9, 18, 20), paint=True)
    drawn = segment_points(node, segment_id)
    logic.insertResult(request, found(request.ct))
    np.testing.assert_array_equal(segment_points(node, segment_id), drawn)
    assert logic.undo(node)
    np.testing.assert_array_equal(segment_points(node, segment_id), drawn)


def test_the_request_names_what_it_was_made_of(ct_node, logic):
    request = logic.prepareSegmentation(ct_node, model="lung-tumor")
    assert (request.volumeNode, request.segmentationNode, request.segmentId) == (ct_node, None, None)
    assert request.model == "lung-tumor"
    assert not request.ct.array.flags.writeable
    assert np.shares_memory(request.ct.array, slicer.util.arrayFromVolume(ct_node)), "nothing is copied"
