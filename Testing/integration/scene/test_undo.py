"""An insertion can be undone and redone, in Slicer's own history of segmentations."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.companions import Companions
from LungTumorSegLib.scene.geometry import ijk_to_ras
from LungTumorSegLib.scene.host import register_conversions
from LungTumorSegLib.scene.volumes import read_volume
from LungTumorSegLib.volume import Grid
from support.scenes import add_box_segment, add_ct, ct_with_tumour, segment_points
from support.volumes import chest_volume


def test_undo_takes_the_new_segment_out_and_redo_brings_it_back(ct_node, logic):
    node = logic.segment(ct_node)
    (first,) = node.GetSegmentation().GetSegmentIDs()
    points = segment_points(node, first)
    logic.segment(ct_node, node)
    assert logic.undo(node)
    assert node.GetSegmentation().GetSegmentIDs() == (first,)
    assert logic.undo(node)
    assert node.GetSegmentation().GetSegmentIDs() == ()
    assert not logic.undo(node)
    assert logic.redo(node)
    np.testing.assert_array_equal(segment_points(node, first), points)
    assert logic.redo(node)
    assert not logic.redo(node)
    assert len(node.GetSegmentation().GetSegmentIDs()) == 2


def test_undo_brings_a_replaced_segment_back(scene, ct_node, logic):
    node = segments.new_segmentation(ct_node)
    lobe = add_box_segment(node, "lobe", (2, 20, 3, 20, 1, 9), ijk_to_ras(read_volume(ct_node).grid))
    points = segment_points(node, lobe)
    logic.segment(ct_node, node, segmentId=lobe)
    assert len(segment_points(node, lobe)) != len(points)
    assert logic.undo(node)
    np.testing.assert_array_equal(segment_points(node, lobe), points)


def test_segmenting_after_undo_starts_from_there(ct_node, logic):
    node = logic.segment(ct_node)
    logic.undo(node)
    logic.segment(ct_node, node)
    assert len(node.GetSegmentation().GetSegmentIDs()) == 1
    assert not logic.redo(node), "what was undone is replaced by what was done since"
    assert logic.undo(node)
    assert node.GetSegmentation().GetSegmentIDs() == ()


def test_there_is_nothing_to_undo_in_a_segmentation_of_others(scene, logic):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    assert not logic.undo(node)
    assert not logic.redo(node)


def test_undo_removes_the_measurements_of_what_is_gone(scene, ct_node, logic):
    node = logic.segment(ct_node)
    logic.measure(node)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2
    logic.undo(node)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0


def test_measuring_removes_the_measurements_of_segments_that_a_person_has_deleted(scene, ct_node, logic):
    node = logic.segment(ct_node)
    logic.segment(ct_node, node)
    first, second = node.GetSegmentation().GetSegmentIDs()
    for segment_id in (first, second):
        logic.measure(node, segmentId=segment_id)
    node.GetSegmentation().RemoveSegment(first)
    logic.measure(node)
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 2
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2


def reference(node) -> tuple:
    parameter = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    role = node.GetReferenceImageGeometryReferenceRole()
    return node.GetNodeReference(role), node.GetSegmentation().GetConversionParameter(parameter)


def test_undo_takes_the_reference_geometry_back_and_redo_sets_it_again(scene, ct_node, logic):
    register_conversions(scene)  # as in the application: parameters have their defaults from the start
    mine = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    before = reference(mine)
    assert before[0] is None
    logic.segment(ct_node, mine)
    after = reference(mine)
    assert after[0] is ct_node
    logic.segment(ct_node, mine)
    for expected in (after, before):
        assert logic.undo(mine)
        assert reference(mine) == expected
    for _ in range(2):
        assert logic.redo(mine)
        assert reference(mine) == after


def test_undo_takes_the_reference_geometry_back_to_another_volume(scene, ct_node, logic):
    node = logic.segment(ct_node)
    logic.undo(node)
    before = reference(node)
    assert before[0] is ct_node, "a new segmentation belongs to its volume from the start"
    other = add_ct(scene, chest_volume(Grid((30, 28, 10), (10.0, 10.0, 18.0))))
    logic.segment(other, node)
    assert reference(node)[0] is other
    logic.undo(node)
    assert reference(node) == before


@pytest.mark.parametrize("back_and_forth", [1, 2])
def test_the_reference_geometry_keeps_in_step_with_edits_between(scene, ct_node, logic, back_and_forth):
    """Editing after `undo`, or after `redo`, makes a state of its own in Slicer's history."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    other = add_ct(scene)
    logic.segment(ct_node, node)
    node.SetReferenceImageGeometryParameterFromVolumeNode(other)  # by the person
    logic.segment(ct_node, node)
    logic.undo(node)
    if back_and_forth == 2:
        logic.redo(node)
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    lobe = add_box_segment(node, "lobe", (2, 20, 3, 20, 1, 9), ijk_to_ras(read_volume(ct_node).grid))

    def state() -> tuple:
        return node.GetSegmentation().GetNumberOfSegments(), reference(node)[0]

    for expected in [(2, other), (1, other), (0, None)][2 - back_and_forth :]:
        assert logic.undo(node)
        assert state() == expected
        assert node.GetSegmentation().GetSegment(lobe) is None
    assert not logic.undo(node)


def test_measurements_follow_a_segment_that_is_replaced_and_restored(scene, ct_node, logic):
    """With the reference that they were made with; those of other segments stay as they are."""
    node = logic.segment(ct_node)
    logic.segment(ct_node, node)
    other, replaced = node.GetSegmentation().GetSegmentIDs()
    small = add_ct(scene, ct_with_tumour(mask=two_voxels()))
    logic.measure(node, segmentId=other)
    logic.measure(node, node, segmentId=replaced, referenceSegmentId=other)

    def shown(segment_id: str, measure: str) -> str | None:
        table = Companions(node, segment_id).nodes()["summary"].GetTable()
        rows = {table.GetValue(row, 0).ToString(): row for row in range(table.GetNumberOfRows())}
        return table.GetValue(rows[measure], 1).ToString() if measure in rows else None

    whole = shown(other, "Volume")
    logic.segment(small, node, segmentId=replaced)
    assert float(shown(replaced, "Volume")) == pytest.approx(4.0)
    assert 0 < float(shown(replaced, "Dice")) < 1
    logic.undo(node)
    assert (shown(replaced, "Volume"), shown(replaced, "Dice")) == (whole, "1")
    logic.redo(node)
    assert float(shown(replaced, "Volume")) == pytest.approx(4.0)
    assert (shown(other, "Volume"), shown(other, "Dice")) == (whole, None)
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 4


def two_voxels() -> np.ndarray:
    mask = np.zeros(chest_volume().grid.shape, np.uint8)
    mask[6, 14, 9:11] = 1
    return mask


def test_histories_go_with_their_nodes(scene, ct_node, logic):
    node = logic.segment(ct_node)
    scene.RemoveNode(node)
    other = logic.segment(ct_node)
    assert list(logic.history._histories) == [other]
    assert isinstance(logic.history._histories[other].segments, slicer.vtkSegmentationHistory)
