"""What the panel shows and has chosen when the scene changes under it."""

from __future__ import annotations

import slicer

from support.panels import add_half


def test_a_scene_that_is_imported_brings_its_choices(driver, tmp_path):
    driver.wait_until_ready()
    driver.segment()
    driver.set_kept(1, False)
    lesions = driver.cells(driver.ui.lesionTable)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    ct, result = driver.parameters.inputVolume, driver.result

    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {"clear": False})
    driver.window.settle(0.5)
    assert driver.parameters.inputVolume not in (None, ct)
    assert driver.result not in (None, result)
    assert driver.cells(driver.ui.lesionTable) == lesions


def test_a_run_survives_a_scene_that_is_imported_meanwhile(driver, tmp_path):
    driver.wait_until_ready()
    other = tmp_path / "other.mrb"
    assert slicer.util.saveScene(str(other))
    driver.begin()
    slicer.util.selectModule("Data")
    slicer.util.loadScene(str(other), {"clear": False})
    driver.wait(lambda: not driver.panel.run.isRunning)
    slicer.util.selectModule("LungTumorSeg")
    driver.window.settle(0.3)
    (result,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert result.GetSegmentation().GetNumberOfSegments() == 1, driver.message


def test_nothing_is_chosen_in_place_of_what_is_deleted(driver):
    driver.wait_until_ready()
    driver.segment()
    drawn = add_half(driver.parameters.inputVolume)
    reference = add_half(driver.parameters.inputVolume)
    driver.parameters.referenceNode = reference
    driver.window.settle(0.3)
    slicer.mrmlScene.RemoveNode(reference)
    driver.window.settle(0.3)
    assert driver.parameters.referenceNode is None
    assert driver.measured("Lesions")[0] == "2"
    slicer.mrmlScene.RemoveNode(driver.result)
    driver.window.settle(0.3)
    assert driver.result is None
    assert drawn.GetSegmentation().GetNumberOfSegments() == 1


def test_lesions_are_listed_though_the_reference_cannot_be_used(driver):
    driver.wait_until_ready()
    driver.segment()
    lesions = driver.cells(driver.ui.lesionTable)
    driver.parameters.referenceNode = driver.window.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Empty")
    driver.window.settle(0.3)
    assert driver.cells(driver.ui.measurementTable) == []
    assert "Empty" in driver.ui.measurementLabel.text
    assert driver.cells(driver.ui.lesionTable) == lesions
    driver.set_kept(1, False)
    assert driver.ui.lesionLabel.text.startswith("2 lesions, 1 rejected")


def test_a_segment_is_shown_by_its_new_name(driver):
    driver.wait_until_ready()
    driver.segment()
    driver.result.GetSegmentation().GetNthSegment(0).SetName("Left upper lobe")
    driver.window.settle(0.5)
    assert driver.ui.segmentComboBox.currentText == "Left upper lobe"


def test_a_segment_that_is_deleted_is_no_longer_shown(driver):
    driver.wait_until_ready()
    driver.segment()
    segmentation = driver.result.GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))
    driver.window.settle(0.5)
    assert driver.ui.segmentComboBox.currentText == "nothing segmented yet"
    assert driver.cells(driver.ui.lesionTable) == []


def test_what_was_said_of_one_ct_does_not_stand_below_another(driver):
    driver.wait_until_ready()
    driver.segment()
    assert "2 lesions found" in driver.message
    driver.parameters.inputVolume = driver.window.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Another")
    assert driver.message == ""
    driver.press(driver.ui.segmentButton)
    assert "no voxels" in driver.message
    slicer.mrmlScene.Clear()
    assert "no voxels" not in driver.message
