"""Whoever edits a segment, its reference or a line makes the measurements out of date, and measuring does not."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import slicer

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene import LiveMeasurement, SegmentationLogic, segments
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from LungTumorSegLib.volume.terminology import LUNGS
from support.lesions import MIDDLE, SMALL, add_ct_with_lesions, drag, edit, found, line_of, three_lesions
from support.scenes import add_transform


@pytest.fixture
def logic():
    return SegmentationLogic(predictor=found)


@pytest.fixture
def node(scene, logic):
    return logic.segment(add_ct_with_lesions(scene))


@pytest.fixture
def reference(scene, node):
    ct = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    mask = read_volume(ct).with_array(np.roll(three_lesions(), 1, axis=2))
    return add_volume(scene, mask, "Reference", "vtkMRMLLabelMapVolumeNode")


@pytest.fixture
def heard():
    return []


@pytest.fixture
def live(logic, node, heard):
    live = LiveMeasurement(logic, lambda: heard.append(True))
    live.start(node)
    live.measure()
    yield live
    live.stop()


def test_watching_begins_with_everything_to_measure(logic, node, heard):
    live = LiveMeasurement(logic, lambda: heard.append(True))
    assert not live.dirty
    live.start(node)
    assert live.dirty
    assert live.measure()["total"]["count"] == 3
    assert not live.dirty
    assert heard == [], "measuring and drawing are not changes"


@pytest.mark.parametrize(
    "change",
    [
        lambda node, one: edit(node, one, SMALL, paint=False),
        lambda node, one: edit(node, one, (50, 52, 5, 9, 18, 20), paint=True),
        lambda node, one: node.GetSegmentation().GetSegment(one).SetName("Tumour"),
        lambda node, one: node.GetSegmentation().RemoveSegment(one),
        lambda node, one: node.GetSegmentation().AddEmptySegment("another"),
        lambda node, one: slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, one),
        lambda node, one: drag(line_of(node.GetScene(), 1, "long"), (5.0, 0.0, 0.0)),
        lambda node, one: line_of(node.GetScene(), 1, "long").RemoveNthControlPoint(0),
        lambda node, one: node.SetAndObserveTransformNodeID(add_transform(node.GetScene(), np.eye(4)).GetID()),
    ],
    ids=["erased", "painted", "renamed", "removed", "added", "cleared", "dragged", "end removed", "moved"],
)
def test_what_a_person_does_is_heard(node, live, heard, change):
    change(node, live.segmentId)
    assert heard
    assert live.dirty


def test_what_is_done_by_the_logic_is_heard_and_then_measured_once(node, logic, live, heard):
    """No change leads to another for ever: after measuring there is nothing more to hear."""
    logic.setLesionKept(node, live.segmentId, logic.lesions(node)[1], False)
    assert live.dirty
    assert live.measure()["total"]["count"] == 2
    heard.clear()
    logic.measure(node)
    logic.measure(node)
    assert not heard, "what is measured as before draws as before"
    logic.undo(node)
    assert live.dirty
    assert live.measure()["total"]["count"] == 3
    logic.redo(node)
    assert live.dirty
    assert live.measure()["total"]["count"] == 2


def test_a_drag_renews_the_length(scene, live):
    drag(line_of(scene, 2, "long"), (5.0, 5.0, 0.0))
    assert live.dirty
    report = live.measure()
    assert report["lesions"][1]["long_axis_mm"] == pytest.approx(line_of(scene, 2, "long").GetLineLengthWorld())


def test_lines_that_come_later_are_watched_too(scene, node, live, heard):
    edit(node, live.segmentId, (50, 52, 5, 9, 18, 20), paint=True)
    live.measure()
    heard.clear()
    drag(line_of(scene, 4, "short"), (5.0, 5.0, 0.0))
    assert heard


def test_a_reference_is_watched_and_compared_without_surfaces(scene, node, logic, live, reference, heard):
    live.start(node, referenceNode=reference)
    assert live.dirty
    quick = live.measure()["reference"]
    assert "hd95_mm" not in quick
    full = live.measure(surfaces=True)["reference"]
    assert full["hd95_mm"] > 0
    assert {key: full[key] for key in quick} == quick
    slicer.util.arrayFromVolume(reference)[:] = three_lesions()
    heard.clear()
    slicer.util.arrayFromVolumeModified(reference)
    assert heard
    assert live.measure()["reference"]["dice"] == 1


def test_a_reference_segment_is_watched(scene, node, live, heard, reference):
    other = segments.new_segmentation(node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()))
    one = segments.add_segment(other, read_volume(reference), LUNGS, None)
    live.start(node, referenceNode=other)
    before = live.measure()["reference"]["dice"]
    heard.clear()
    edit(other, one, MIDDLE, paint=False)
    assert heard
    assert live.measure()["reference"]["dice"] != before


def test_without_its_reference_it_goes_on(scene, node, live, heard, reference):
    live.start(node, referenceNode=reference)
    live.measure()
    heard.clear()
    scene.RemoveNode(reference)
    assert heard
    assert "reference" not in live.measure()


def test_it_stops_when_its_segmentation_leaves_the_scene(scene, node, live, heard):
    scene.RemoveNode(node)
    assert heard
    assert live.segmentationNode is None
    assert not live.dirty
    with pytest.raises(InputError, match="no segment is watched"):
        live.measure()


def test_it_stops_when_the_scene_is_closed(scene, live):
    scene.Clear()
    assert live.segmentationNode is None


def test_a_stopped_one_hears_nothing(node, live, heard):
    live.stop()
    live.stop()
    edit(node, node.GetSegmentation().GetSegmentIDs()[0], SMALL, paint=False)
    assert not heard
    assert not live.dirty


def test_a_removed_segment_is_an_error_in_one_line(node, live):
    node.GetSegmentation().RemoveSegment(live.segmentId)
    with pytest.raises(InputError, match="no segment with the ID"):
        live.measure()


def test_nothing_is_left_of_a_watch_that_nobody_holds(logic, node, heard):
    live = LiveMeasurement(logic, lambda: heard.append(True))
    live.start(node)
    gone = weakref.ref(live)
    del live
    gc.collect()
    assert gone() is None
    edit(node, node.GetSegmentation().GetSegmentIDs()[0], SMALL, paint=False)
    assert not heard
    assert not node.HasObserver(slicer.vtkSegmentation.RepresentationModified)
