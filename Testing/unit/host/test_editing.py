"""Slice views, markups and the segment editor, used with the mouse."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

SLICE_RAS = 15.0


@pytest.fixture
def seen(window):
    """A volume with a segment, in the slice views; the slice that the axial one shows cuts the segment."""
    import slicer

    inside = np.zeros((30, 60, 60), np.uint8)
    inside[10:20, 20:30, 20:30] = 1
    volume = slicer.util.addVolumeFromArray(np.where(inside, 50, -700).astype(np.int16))
    volume.CreateDefaultDisplayNodes()
    segmentation = window.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Result")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment_id = segmentation.GetSegmentation().AddEmptySegment("tumor", "tumor", [1, 0, 0])
    slicer.util.updateSegmentBinaryLabelmapFromArray(inside, segmentation, segment_id, volume)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    slicer.modules.markups.logic().JumpSlicesToLocation(25, 25, SLICE_RAS, False)
    window.settle(0.1)
    return SimpleNamespace(volume=volume, segmentation=segmentation, segment_id=segment_id)


@pytest.fixture
def mouse(window):
    """Press the left button on the axial view at the first point (RA, mm), move to the others and release."""
    return lambda *points: window.drag("Red", [(*point, SLICE_RAS) for point in points])


@pytest.fixture
def editor(window, seen):
    """A segment editor that is shown, on the segment."""
    import slicer

    made = slicer.qMRMLSegmentEditorWidget()
    made.setMRMLScene(window.scene)
    made.setMRMLSegmentEditorNode(window.scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    made.setSegmentationNode(seen.segmentation)
    made.show()
    yield made
    made.setActiveEffectByName("")
    made.setMRMLSegmentEditorNode(None)
    made.close()


def count(seen):
    import slicer

    array = slicer.util.arrayFromSegmentBinaryLabelmap(seen.segmentation, seen.segment_id, seen.volume)
    return int(array.sum())


def color_at(window, view, point):
    """The color (RGB, 0 to 255) that a view shows at a point (world RAS, mm)."""
    import pythonqt
    import slicer

    inner = pythonqt.unwrap(slicer.app.layoutManager().sliceWidget(view).sliceView())
    return inner.grab().toImage().pixelColor(*window.view_point(view, point)).getRgb()[:3]


def test_the_views_show_the_volume_and_the_segment(window, seen):
    outside, inside = color_at(window, "Red", (45, 45, SLICE_RAS)), color_at(window, "Red", (25, 25, SLICE_RAS))
    assert len(set(outside)) == 1  # grey
    assert inside[0] > inside[1]  # reddish
    assert color_at(window, "Green", (25, 25, SLICE_RAS))[0] > color_at(window, "Green", (25, 25, 5))[0]


def test_jumping_moves_the_views(window, seen):
    import slicer

    slicer.modules.markups.logic().JumpSlicesToLocation(25, 25, 5, False)
    window.settle(0.1)
    assert slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceOffset() == pytest.approx(5)
    inside = color_at(window, "Red", (25, 25, 5))
    assert len(set(inside)) == 1


def test_a_line_is_dragged(window, seen, mouse):
    line = window.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    line.CreateDefaultDisplayNodes()
    line.AddControlPoint(10, 40, SLICE_RAS)
    line.AddControlPoint(40, 40, SLICE_RAS)
    window.settle(0.1)
    assert line.GetLineLengthWorld() == pytest.approx(30)
    mouse((40, 40), (42, 40), (45, 40), (50, 40))
    assert line.GetLineLengthWorld() == pytest.approx(40, abs=0.5)


def test_painting_and_erasing_are_undone(seen, editor, mouse):
    assert count(seen) == 1000
    editor.setActiveEffectByName("Paint")
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 8)
    mouse((45, 45), (48, 45))
    painted = count(seen)
    assert painted == pytest.approx(1000 + np.pi * 16 + 3 * 8, abs=15)
    editor.setActiveEffectByName("Erase")
    mouse((25, 25))
    assert count(seen) == pytest.approx(painted - np.pi * 16, abs=8)
    editor.undo()
    assert count(seen) == painted
    editor.undo()
    assert count(seen) == 1000
    editor.redo()
    assert count(seen) == painted


def test_what_a_script_changes_is_undone(seen, editor):
    import slicer

    editor.saveStateForUndo()
    nothing = np.zeros((30, 60, 60), np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(nothing, seen.segmentation, seen.segment_id, seen.volume)
    assert count(seen) == 0
    editor.undo()
    assert count(seen) == 1000


def test_the_editor_knows_the_segmentation(window, seen, editor):
    assert editor.segmentationNode() is seen.segmentation
    assert editor.sourceVolumeNode() is seen.volume
    assert editor.currentSegmentID() == seen.segment_id
    assert editor.availableEffectNames() == ("Paint", "Erase")
    editor.setActiveEffectByName("Paint")
    editor.setSegmentationNode(None)
    assert (editor.activeEffect(), editor.segmentationNode()) == (None, None)


def test_undo_is_off_until_the_editor_is_shown(window):
    import slicer

    editor = slicer.qMRMLSegmentEditorWidget()
    assert (editor.undoEnabled, editor.maximumNumberOfUndoStates) == (False, 5)
    editor.show()
    assert editor.undoEnabled
    editor.close()


def test_a_read_only_editor_has_no_effect(window, editor):
    editor.setActiveEffectByName("Paint")
    editor.readOnly = True
    assert editor.activeEffect() is None
