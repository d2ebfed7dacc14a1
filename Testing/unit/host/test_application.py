"""The application: its dialogs, files, packages and sample data."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest


@pytest.fixture
def dialogs(window):
    from slicer_widgets import dialogs

    return dialogs


def test_a_question_is_answered(window, dialogs):
    import slicer

    dialogs.answers += ["Yes", "No", "Ok"]
    assert slicer.util.confirmYesNoDisplay("Use the CPU?", detailedText="out of memory") is True
    assert slicer.util.confirmYesNoDisplay("Use the CPU?") is False
    slicer.util.errorDisplay("It failed", windowTitle="Error")
    first, _, last = dialogs.asked
    assert (first.text, first.details) == ("Use the CPU?", "out of memory")
    assert {"Yes", "No"} <= set(first.buttons)
    assert (last.text, last.title) == ("It failed", "Error")


def test_a_question_that_nobody_answers_fails(window, dialogs, qt):
    import slicer

    with pytest.raises(dialogs.Unanswered, match="Use the CPU"):
        slicer.util.confirmYesNoDisplay("Use the CPU?")
    dialogs.answers.append("Perhaps")
    with pytest.raises(dialogs.Unanswered, match="no button Perhaps"):
        slicer.util.confirmYesNoDisplay("Use the CPU?")


def test_an_own_button_is_pressed_by_its_text(dialogs, qt):
    box = qt.QMessageBox()
    details = box.addButton("Details", qt.QMessageBox.ActionRole)
    box.addButton(qt.QMessageBox.Close)
    dialogs.answers.append("Details")
    box.exec_()
    assert box.clickedButton() == details


def test_a_file_is_chosen(dialogs, qt):
    dialogs.answers += ["/some/lesions.csv", ""]
    assert qt.QFileDialog.getSaveFileName(None, "Export", "", "CSV (*.csv)") == "/some/lesions.csv"
    assert qt.QFileDialog.getExistingDirectory(None, "Models") == ""


def test_an_error_is_shown_and_goes_on(dialogs):
    import slicer

    dialogs.answers.append("Ok")
    with pytest.raises(ZeroDivisionError), slicer.util.tryWithErrorDisplay("Failed.", waitCursor=True):
        _ = 1 / 0
    assert dialogs.asked[0].text == "Failed.\n\ndivision by zero"
    assert "ZeroDivisionError" in dialogs.asked[0].details


def test_the_application_object(window):
    import slicer

    assert slicer.app.applicationName == "Slicer"
    assert slicer.app.testingEnabled() is False
    assert slicer.app.layoutManager().sliceViewNames() == ("Red", "Green", "Yellow")
    assert slicer.util.mainWindow().objectName == "qSlicerMainWindow"
    assert slicer.modules.markups.logic().IsA("vtkSlicerMarkupsLogic")
    slicer.app.processEvents()
    slicer.util.forceRenderAllViews()
    with slicer.util.RenderBlocker():
        pass
    assert slicer.util.showStatusMessage("done") is True


def test_a_scene_is_saved_and_loaded(window, tmp_path):
    import slicer

    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    volume = slicer.util.addVolumeFromArray(voxels, name="CT")
    segmentation = window.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Result")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment_id = segmentation.GetSegmentation().AddEmptySegment("tumor", "tumor")
    slicer.util.updateSegmentBinaryLabelmapFromArray((voxels > 20).astype(np.uint8), segmentation, segment_id, volume)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    window.scene.Clear(0)
    slicer.util.loadScene(path)
    loaded = slicer.util.getNode("CT")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), voxels)
    found = slicer.util.arrayFromSegmentBinaryLabelmap(slicer.util.getNode("Result"), segment_id, loaded)
    np.testing.assert_array_equal(found, voxels > 20)
    with pytest.raises(RuntimeError, match="Failed to load"):
        slicer.util.loadScene(str(tmp_path / "none.mrb"))


def test_packages_are_asked_for_and_installed_by_the_test(window, dialogs, monkeypatch, tmp_path):
    import slicer

    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# needed\nnumpy>=1.26\nno-such-package>=2\n")
    wanted = slicer.packaging.load_requirements(requirements)
    installed = []
    monkeypatch.setattr(slicer.packaging, "install", installed.append)
    dialogs.answers += ["Cancel", "Ok"]
    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure(wanted, requester="LungTumorSeg")
    slicer.packaging.pip_ensure(wanted, requester="LungTumorSeg")
    assert installed == [["no-such-package>=2"]]
    assert dialogs.asked[0].details == "- no-such-package>=2"
    monkeypatch.setattr(slicer.packaging, "install", slicer.packaging.refuse)
    with pytest.raises(subprocess.CalledProcessError):
        slicer.packaging.pip_ensure("no-such-package", prompt_install=False)
    slicer.packaging.pip_ensure("numpy")


def test_sample_data_are_registered_once(window):
    import slicer
    from SampleData import SampleDataLogic

    def download(source):
        return source.sampleName

    for _ in range(2):
        SampleDataLogic.registerCustomSampleDataSource(
            category="Lungs", sampleName="Phantom", uris="none", fileNames="phantom.nrrd", customDownloader=download
        )
    (source,) = slicer.modules.sampleDataSources["Lungs"]
    assert source.customDownloader(source) == "Phantom"
    with pytest.raises(ValueError, match="same length"):
        SampleDataLogic.registerCustomSampleDataSource(category="Lungs", sampleName="No address")
