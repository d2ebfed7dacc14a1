"""An insertion can be undone and redone, in Slicer's own history of segmentations."""

from __future__ import annotations

import numpy as np
import slicer

from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.geometry import ijk_to_ras
from LungTumorSegLib.scene.volumes import read_volume
from support.scenes import add_box_segment, segment_points


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


def test_histories_go_with_their_nodes(scene, ct_node, logic):
    node = logic.segment(ct_node)
    scene.RemoveNode(node)
    other = logic.segment(ct_node)
    assert list(logic.history._histories) == [other]
    assert isinstance(logic.history._histories[other], slicer.vtkSegmentationHistory)
