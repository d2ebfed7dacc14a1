"""A scene saved to a file and loaded by another Slicer holds all that a person has done."""

from __future__ import annotations

import pytest
import slicer

from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.scene.rejected import rejected_segments
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from support.lesions import CONFIDENCES, add_ct_with_lesions, drag, edit, found, line_of, three_lesions
from support.scenes import new_scene


@pytest.fixture
def saved(scene, tmp_path):
    """A bundle of a scene in which a lesion is rejected and a line dragged."""
    logic = SegmentationLogic(predictor=found)
    ct_node = add_ct_with_lesions(scene)
    reference = add_volume(scene, read_volume(ct_node).with_array(three_lesions()), "R", "vtkMRMLLabelMapVolumeNode")
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    logic.measure(node, reference)
    logic.setLesionKept(node, segment_id, logic.lesions(node)[1], False)
    drag(line_of(scene, 1, "long"), (9.0, -6.0, 0.0))
    expected = logic.measure(node, reference), logic.lesions(node)
    path = tmp_path / "scene.mrb"
    assert scene.WriteToMRB(str(path))
    scene.Clear()
    return path, expected


def load(path) -> slicer.vtkMRMLScene:
    scene = slicer.mrmlScene = new_scene(path.parent)
    assert scene.ReadFromMRB(str(path))
    return scene


def test_everything_is_there_again(saved):
    path, (report, lesions) = saved
    scene = load(path)
    logic = SegmentationLogic(predictor=found)
    node = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    again = logic.lesions(node)
    assert [lesion.kept for lesion in again] == [True, False, True]
    assert [lesion.confidence for lesion in again] == pytest.approx(CONFIDENCES)
    assert [lesion.adjusted for lesion in again] == [True, False, False]
    for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "mean_hu"):
        assert [getattr(one, key) for one in again] == pytest.approx([getattr(one, key) for one in lesions], rel=1e-5)
    (hidden,) = rejected_segments(node)
    assert not node.GetDisplayNode().GetSegmentVisibility(hidden)
    assert hidden != node.GetSegmentation().GetSegmentIDs()[0]
    number = scene.GetNumberOfNodes()
    reference = scene.GetFirstNodeByName("R")
    measured = logic.measure(node, reference)
    assert scene.GetNumberOfNodes() == number, "tables and lines are found again, not made again"
    assert measured["total"] == pytest.approx(report["total"], rel=1e-5)
    assert measured["reference"]["dice"] == pytest.approx(report["reference"]["dice"])
    assert measured["notes"] == report["notes"]


def test_a_rejected_lesion_can_be_kept_and_a_line_be_let_go_of(saved):
    scene = load(saved[0])
    logic = SegmentationLogic(predictor=found)
    node = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    segment_id = node.GetSegmentation().GetSegmentIDs()[0]
    logic.setLesionKept(node, segment_id, logic.lesions(node)[1], True)
    lesions = logic.lesions(node)
    assert [lesion.kept for lesion in lesions] == [True] * 3
    assert not rejected_segments(node)
    assert lesions[0].adjusted
    logic.resetAxes(node, segment_id, lesions[0])
    assert not logic.lesions(node)[0].adjusted
    table = scene.GetFirstNodeByName("Lung tumor summary").GetTable()
    shown = {table.GetValue(row, 0).ToString(): table.GetValue(row, 1).ToString() for row in range(4)}
    assert shown["Lesions"] == "3", "shown measurements follow, with the reference that was saved"
    edit(node, segment_id, (10, 11, 20, 29, 6, 11), paint=False)
    assert logic.measure(node)["total"]["count"] == 3
