"""Lesions one by one: listed, rejected and kept again, with the network's confidence, and nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.geometry import ijk_to_ras
from LungTumorSegLib.scene.rejected import rejected_segments
from LungTumorSegLib.scene.volumes import read_volume
from LungTumorSegLib.volume.terminology import LUNG_TUMOR
from support.lesions import (
    CONFIDENCES,
    GRID,
    LARGE,
    MIDDLE,
    SMALL,
    box_of,
    edit,
    three_lesions,
    voxels,
)
from support.scenes import add_box_segment, add_transform, segment_points


def count(node, segment_id: str) -> int:
    return len(segment_points(node, segment_id))


def kept(lesions) -> list[bool]:
    return [lesion.kept for lesion in lesions]


def test_the_list_says_of_each_lesion_what_the_report_says(ct_node, node, segment_id, logic):
    lesions = logic.lesions(node, segment_id)
    expected = measure(read_volume(ct_node).with_array(three_lesions()), ct=read_volume(ct_node))["lesions"]
    assert [lesion.number for lesion in lesions] == [1, 2, 3]
    assert [lesion.confidence for lesion in lesions] == pytest.approx(CONFIDENCES)
    assert kept(lesions) == [True] * 3
    for lesion, alone in zip(lesions, expected, strict=True):
        for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "mean_hu"):
            assert getattr(lesion, key) == pytest.approx(alone[key])
        np.testing.assert_allclose(lesion.centroid_ras_mm, np.array(alone["centroid_lps_mm"]) * (-1, -1, 1))
        assert not lesion.adjusted


def test_rejecting_moves_the_voxels_to_a_hidden_segment(node, segment_id, logic):
    before = segment_points(node, segment_id)
    logic.setLesionKept(node, segment_id, logic.lesions(node)[1], False)
    (hidden,) = rejected_segments(node)
    assert node.GetSegmentation().GetSegment(hidden).GetName() == "Lung tumor rejected"
    assert not node.GetDisplayNode().GetSegmentVisibility(hidden)
    assert node.GetDisplayNode().GetSegmentVisibility(segment_id)
    assert count(node, hidden) == voxels(MIDDLE)
    both = np.concatenate([segment_points(node, segment_id), segment_points(node, hidden)])
    np.testing.assert_allclose(np.unique(both.round(3), axis=0), np.unique(before.round(3), axis=0))
    lesions = logic.lesions(node)
    assert kept(lesions) == [True, False, True]
    assert [lesion.number for lesion in lesions] == [1, 2, 3], "rejecting does not give the others new numbers"
    assert lesions[1].confidence == pytest.approx(CONFIDENCES[1])
    assert lesions[1].mean_hu is not None
    report = logic.measure(node)
    assert report["segment"] == "Lung tumor", "the hidden segment is never the one that is meant"
    assert [lesion["number"] for lesion in report["lesions"]] == [1, 3]


def test_keeping_brings_every_voxel_back(node, segment_id, logic):
    before = segment_points(node, segment_id)
    for lesion in logic.lesions(node):
        logic.setLesionKept(node, segment_id, lesion, False)
    assert count(node, segment_id) == 0
    assert len(rejected_segments(node)) == 1
    assert kept(logic.lesions(node)) == [False] * 3
    assert logic.measure(node)["total"]["count"] == 0
    for lesion in logic.lesions(node):
        logic.setLesionKept(node, segment_id, lesion, True)
    np.testing.assert_allclose(segment_points(node, segment_id), before, atol=1e-6)
    assert not rejected_segments(node), "an empty hidden segment would only be in the way"


def test_asking_for_what_is_so_already_changes_nothing(node, segment_id, logic):
    modified = node.GetSegmentation().GetMTime()
    logic.setLesionKept(node, segment_id, logic.lesions(node)[0], True)
    assert node.GetSegmentation().GetMTime() == modified
    assert not rejected_segments(node)


@pytest.mark.parametrize("shared_layer", [False, True])
def test_other_segments_are_never_touched(ct_node, node, segment_id, logic, shared_layer):
    to_ras = ijk_to_ras(read_volume(ct_node).grid)
    other = add_box_segment(node, "lobe", (20, 45, 25, 40, 8, 20), to_ras)
    far = add_box_segment(node, "vessel", (2, 4, 2, 4, 20, 22), to_ras)
    if shared_layer:  # as after saving and loading
        slicer.vtkSlicerSegmentationsModuleLogic.CollapseBinaryLabelmaps(node, False)
        assert node.GetSegmentation().GetNumberOfLayers() == 2
    before = [segment_points(node, one) for one in (other, far)]
    for lesion in logic.lesions(node):
        logic.setLesionKept(node, segment_id, lesion, False)
    for lesion in logic.lesions(node)[:2]:
        logic.setLesionKept(node, segment_id, lesion, True)
    for one, points in zip((other, far), before, strict=True):
        np.testing.assert_array_equal(segment_points(node, one), points)
    assert count(node, segment_id) == voxels(LARGE) + voxels(MIDDLE)


def test_rejecting_and_keeping_are_undone_step_by_step(node, segment_id, logic):
    whole = count(node, segment_id)
    first, second, _ = logic.lesions(node)
    logic.setLesionKept(node, segment_id, first, False)
    logic.setLesionKept(node, segment_id, second, False)
    logic.setLesionKept(node, segment_id, first, True)
    for expected in ([False, False, True], [False, True, True], [True, True, True]):
        assert logic.canUndo(node)
        assert logic.undo(node)
        assert kept(logic.lesions(node)) == expected
        for hidden in rejected_segments(node):
            assert not node.GetDisplayNode().GetSegmentVisibility(hidden)
    assert count(node, segment_id) == whole
    for expected in ([False, True, True], [False, False, True], [True, False, True]):
        assert logic.redo(node)
        assert kept(logic.lesions(node)) == expected
        for hidden in rejected_segments(node):
            assert not node.GetDisplayNode().GetSegmentVisibility(hidden), "also one that undo has removed meanwhile"
    assert not logic.canRedo(node)


def test_a_lesion_edited_since_it_was_listed_is_moved_as_it_is_now(node, segment_id, logic):
    lesion = logic.lesions(node)[1]
    edit(node, segment_id, (45, 47, 30, 33, 15, 17), paint=True)
    logic.setLesionKept(node, segment_id, lesion, False)
    assert count(node, segment_id) == voxels(LARGE) + voxels(SMALL)
    assert count(node, rejected_segments(node).pop()) == voxels((40, 47, 30, 33, 15, 17))


def test_a_lesion_erased_since_it_was_listed_is_refused(node, segment_id, logic):
    lesion = logic.lesions(node)[2]
    edit(node, segment_id, SMALL, paint=False)
    before = count(node, segment_id)
    with pytest.raises(InputError, match="lesion 3 is no longer there"):
        logic.setLesionKept(node, segment_id, lesion, False)
    assert count(node, segment_id) == before
    assert not rejected_segments(node)


def test_lesions_joined_by_a_person_are_one_whose_confidence_nobody_knows(node, segment_id, logic):
    edit(node, segment_id, (24, 39, 25, 33, 11, 15), paint=True)
    joined, small = logic.lesions(node)
    assert joined.confidence is None
    assert small.confidence == pytest.approx(CONFIDENCES[2])


def test_a_lesion_keeps_its_confidence_while_its_middle_stands(node, segment_id, logic):
    edit(node, segment_id, (10, 12, 20, 29, 6, 11), paint=False)
    edit(node, segment_id, (52, 54, 5, 9, 18, 20), paint=True)
    lesions = logic.lesions(node)
    drawn = next(lesion for lesion in lesions if lesion.volume_ml == pytest.approx(3 * 5 * 3 * GRID.voxel_ml))
    assert drawn.confidence is None, "drawn by hand"
    assert sorted(lesion.confidence for lesion in lesions if lesion is not drawn) == pytest.approx(sorted(CONFIDENCES))
    middle = tuple((part.start + part.stop) // 2 for part in box_of(LARGE))
    edit(node, segment_id, tuple(int(n) for axis in (2, 1, 0) for n in [middle[axis]] * 2), paint=False)
    assert logic.lesions(node)[0].confidence is None, "its middle was erased"


def test_segmenting_again_into_the_segment_forgets_what_was_rejected(ct_node, node, segment_id, logic):
    logic.setLesionKept(node, segment_id, logic.lesions(node)[0], False)
    logic.segment(ct_node, node, segmentId=segment_id)
    assert kept(logic.lesions(node)) == [True] * 3
    assert not rejected_segments(node)
    logic.undo(node)
    assert kept(logic.lesions(node)) == [False, True, True]


def test_confidence_moves_with_the_segmentation(scene, node, segment_id, logic):
    shift = np.eye(4)
    shift[:3, 3] = (17.0, -23.0, 31.0)
    before = logic.lesions(node)[0]
    node.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    moved = logic.lesions(node)
    assert [lesion.confidence for lesion in moved] == pytest.approx(CONFIDENCES)
    np.testing.assert_allclose(moved[0].centroid_ras_mm, np.add(before.centroid_ras_mm, shift[:3, 3]), atol=1e-6)
    logic.setLesionKept(node, segment_id, before, False)
    assert kept(logic.lesions(node)) == [False, True, True]


def test_jumping_shows_the_long_axis_where_it_is_seen_now(scene, node, logic):
    slices = slicer.vtkMRMLSliceNode()
    slices.SetLayoutName("Red")
    slices.SetOrientationToAxial()
    scene.AddNode(slices)
    lesion = logic.lesions(node)[1]

    def shown() -> list[float]:
        return [slices.GetSliceToRAS().GetElement(row, 3) for row in range(3)]

    logic.jumpTo(lesion)
    np.testing.assert_allclose(shown(), lesion.focus_ras_mm, atol=1e-6)
    shift = np.eye(4)
    shift[:3, 3] = (1.0, 2.0, 30.0)
    before = np.array(shown())
    node.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    logic.jumpTo(lesion)
    np.testing.assert_allclose(shown(), before + shift[:3, 3], atol=1e-6)
    scene.RemoveNode(node)
    with pytest.raises(InputError, match="no longer in the scene"):
        logic.jumpTo(lesion)


def test_a_segment_drawn_by_hand_has_lesions_to_reject_too(scene, ct_node, logic):
    node = segments.new_segmentation(ct_node)
    drawn = segments.add_segment(node, read_volume(ct_node).with_array(three_lesions()), LUNG_TUMOR, None)
    lesions = logic.lesions(node)
    assert [lesion.confidence for lesion in lesions] == [None] * 3
    assert all(lesion.mean_hu is not None for lesion in lesions)
    logic.setLesionKept(node, None, lesions[0], False)
    assert kept(logic.lesions(node)) == [False, True, True], "the only segment, but for the hidden one"
    assert count(node, drawn) == voxels(MIDDLE) + voxels(SMALL)
