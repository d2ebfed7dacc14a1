"""A person's way through the panel: segment, look, reject, compare, save."""

from __future__ import annotations

import pytest
import slicer

from support.panels import add_half, previews


@pytest.fixture(scope="module")
def one_worker():
    """Close the worker, which outlives the windows here, after the last journey."""
    from LungTumorSegLib.scene.logic import warm_worker

    yield
    warm_worker().close()


@pytest.fixture(autouse=True)
def warm(one_worker, monkeypatch):
    """Leave the worker to the next window, which then need not wait for it; `test_running` ends windows in earnest."""
    from LungTumorSegLib.scene import SegmentationLogic

    monkeypatch.setattr(SegmentationLogic, "close", lambda self: None)


def test_what_is_found_is_listed_measured_and_can_be_rejected(driver):
    driver.wait_until_ready()
    driver.segment()
    assert "2 lesions found" in driver.message
    ui = driver.ui
    assert [row[0] for row in driver.cells(ui.lesionTable)] == ["1", "2"]
    assert all(row[5].endswith("%") for row in driver.cells(ui.lesionTable))
    assert driver.measured("Lesions") == ["2"]
    both = driver.voxels()

    driver.set_kept(1, False)
    assert driver.measured("Lesions") == ["1"]
    one = driver.voxels()
    assert 0 < one < both
    assert ui.lesionLabel.text.startswith("2 lesions, 1 rejected")

    driver.press(ui.undoButton)
    driver.window.settle(0.4)
    assert driver.voxels() == both
    assert driver.measured("Lesions") == ["2"]
    driver.press(ui.redoButton)
    driver.window.settle(0.4)
    assert driver.voxels() == one

    driver.set_kept(1, True)
    assert driver.voxels() == both
    assert ui.segmentComboBox.count == 1
    assert previews(driver.window.scene) == []


def test_a_reference_is_compared_with_and_renewed_by_edits(driver):
    driver.wait_until_ready()
    driver.segment()
    assert len(driver.cells(driver.ui.measurementTable)[0]) == 2
    reference = add_half(driver.parameters.inputVolume)
    driver.parameters.referenceNode = reference
    driver.window.settle(0.3)
    dice = float(driver.measured("Dice")[0])
    assert 0 < dice < 1
    assert driver.measured("Lesions")[1] == "1"
    assert driver.measured("Volume (mL)")[2].endswith("%")
    assert driver.ui.referenceSegmentComboBox.currentText == "Half"

    driver.set_kept(1, False)
    assert float(driver.measured("Dice")[0]) != dice


def test_painting_is_measured_and_undone(driver):
    driver.wait_until_ready()
    driver.segment()
    ui, panel = driver.ui, driver.panel
    assert panel.editor.widget is None  # made when it is needed
    ui.editSection.collapsed = False
    driver.window.settle(0.5)
    before, volume = driver.voxels(), driver.measured("Volume (mL)")[0]
    paint_in_the_red_view(driver, panel.editor.widget)
    driver.window.settle(0.5)
    assert driver.voxels() > before
    assert driver.measured("Volume (mL)")[0] != volume
    panel.editor.widget.undo()
    driver.window.settle(0.5)
    assert driver.voxels() == before
    assert driver.measured("Volume (mL)")[0] == volume

    panel.editor.widget.setActiveEffectByName("Paint")
    slicer.util.selectModule("Volumes")
    assert panel.editor.widget.activeEffect() is None  # no click in another module draws
    slicer.util.selectModule("LungTumorSeg")
    slicer.mrmlScene.Clear()
    driver.window.settle(0.1)
    assert panel.editor.widget.segmentationNode() is None


def test_a_dragged_axis_is_measured_and_can_be_reset(driver):
    driver.wait_until_ready()
    driver.segment()
    line = slicer.util.getNode("Lesion 1 long axis")
    assert not line.GetLocked()
    measured = driver.cells(driver.ui.lesionTable)[0][2]
    line.SetNthControlPointPositionWorld(0, [0.0, 0.0, 0.0])
    driver.window.settle(0.5)
    dragged = driver.cells(driver.ui.lesionTable)[0][2]
    assert dragged.endswith("*")
    assert abs(float(dragged.rstrip("*")) - line.GetLineLengthWorld()) < 0.06
    assert not driver.ui.resetAxesButton.enabled
    driver.ui.lesionTable.setCurrentCell(0, 0)
    driver.press(driver.ui.resetAxesButton)
    driver.window.settle(0.5)
    assert driver.cells(driver.ui.lesionTable)[0][2] == measured


def test_a_click_on_a_lesion_shows_it(driver):
    driver.wait_until_ready()
    driver.segment()
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    seen = []
    for row in (0, 1):
        table = driver.ui.lesionTable
        rectangle = table.visualItemRect(table.item(row, 3))
        driver.window.click(table.viewport(), (rectangle.center().x(), rectangle.center().y()))
        seen.append([red.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)])
    assert seen[0] != seen[1]


def test_what_is_saved_with_the_scene_is_there_again(driver, tmp_path):
    driver.wait_until_ready()
    driver.segment()
    driver.set_kept(1, False)
    lesions, measures = driver.cells(driver.ui.lesionTable), driver.cells(driver.ui.measurementTable)
    network = driver.parameters.network
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    driver.window.settle(0.2)
    assert driver.cells(driver.ui.lesionTable) == []

    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    driver.window.settle(0.5)
    assert driver.cells(driver.ui.lesionTable) == lesions
    assert driver.cells(driver.ui.measurementTable) == measures
    assert driver.panel.network.value == network
    assert driver.parameters.inputVolume.GetName() == "CT"
    assert previews(slicer.mrmlScene) == []
    driver.segment()
    assert driver.ui.segmentComboBox.currentText == "Lung tumor 2"


def test_measurements_go_to_a_file_and_to_the_clipboard(driver, tmp_path):
    from slicer_widgets.dialogs import answers

    driver.wait_until_ready()
    assert not driver.ui.exportButton.enabled
    assert driver.ui.exportButton.toolTip == "There is nothing measured yet."
    driver.segment()
    answers.append(str(tmp_path / "lesions.csv"))
    driver.press(driver.ui.exportButton)
    lines = (tmp_path / "lesions.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) >= 3
    assert "Exported" in driver.message
    driver.press(driver.ui.copyButton)
    assert "\t" in slicer.app.clipboard().text()
    answers.append("")  # cancelled
    driver.press(driver.ui.exportButton)
    answers.append(str(tmp_path / "lesions.csv" / "lesions.csv"))
    driver.press(driver.ui.exportButton)
    assert driver.ui.messageIcon.visible


def test_each_ct_has_a_result_of_its_own(driver):
    driver.wait_until_ready()
    driver.segment()
    first, ct = driver.result, driver.parameters.inputVolume
    other = add_second_ct(driver)
    driver.parameters.inputVolume = other
    driver.window.settle(0.1)
    assert driver.result is None
    assert driver.cells(driver.ui.lesionTable) == []
    driver.segment()
    second = driver.result
    assert second is not first
    assert first.GetSegmentation().GetNumberOfSegments() == 1
    assert second.GetNodeReference(second.GetReferenceImageGeometryReferenceRole()) is other

    driver.parameters.inputVolume = ct
    driver.window.settle(0.3)
    assert driver.result is first
    assert driver.measured("Lesions") == ["2"]


def test_a_result_that_was_undone_does_not_take_another_ct(driver):
    driver.wait_until_ready()
    driver.segment()
    emptied = driver.result
    driver.press(driver.ui.undoButton)
    driver.parameters.inputVolume = add_second_ct(driver)
    driver.segment()
    assert driver.result is not emptied
    assert emptied.GetSegmentation().GetNumberOfSegments() == 0


def test_a_segmentation_that_belongs_to_no_ct_takes_the_result(driver):
    driver.wait_until_ready()
    mine = driver.window.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    driver.parameters.outputSegmentation = mine
    driver.segment()
    assert driver.result is mine
    assert mine.GetSegmentation().GetNumberOfSegments() == 1
    driver.press(driver.ui.undoButton)
    assert mine.GetSegmentation().GetNumberOfSegments() == 0
    assert driver.cells(driver.ui.lesionTable) == []
    driver.press(driver.ui.redoButton)
    driver.window.settle(0.3)
    assert driver.measured("Lesions") == ["2"]


def test_a_result_that_is_deleted_is_no_longer_shown(driver):
    driver.wait_until_ready()
    driver.segment()
    slicer.mrmlScene.RemoveNode(driver.result)
    driver.window.settle(0.3)
    assert driver.cells(driver.ui.lesionTable) == []
    assert driver.cells(driver.ui.measurementTable) == []
    assert not driver.ui.copyButton.enabled
    driver.segment()
    assert driver.measured("Lesions") == ["2"]


def add_second_ct(driver):
    from LungTumorSegLib.scene.volumes import add_volume
    from support.volumes import chest_volume

    return add_volume(driver.window.scene, chest_volume(seed=1), "Second CT")


def paint_in_the_red_view(driver, editor) -> None:
    """Drag the brush across the body's middle, between the lungs, in the axial view."""
    import pythonqt
    from PySide6 import QtCore, QtTest

    editor.setActiveEffectByName("Paint")
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 40)
    slicer.modules.markups.logic().JumpSlicesToLocation(0.0, 0.0, -190.0, True)
    driver.window.settle(0.2)
    view = pythonqt.unwrap(slicer.app.layoutManager().sliceWidget("Red").sliceView())
    middle = view.rect().center()
    QtTest.QTest.mousePress(view, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, middle)
    QtTest.QTest.mouseMove(view, middle + QtCore.QPoint(10, 0))
    QtTest.QTest.mouseRelease(view, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, middle + QtCore.QPoint(10, 0))
