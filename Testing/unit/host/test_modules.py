"""A scripted module in the host's window: its panel, its parameters, its comings and goings."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

SAMPLE = Path(__file__).parent / "sample" / "HostSample.py"


@pytest.fixture
def panel(window):
    return window.open_module(SAMPLE)


@pytest.fixture
def volume(panel):
    import slicer

    return slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="CT")


def test_the_panel_comes_from_its_file(panel, qt, ctk):
    import slicer

    ui = panel.ui
    assert type(ui.nameEdit) is qt.QLineEdit
    assert type(ui.folderEdit) is ctk.ctkPathLineEdit
    assert ui.section.text == "Parameters"
    assert ui.nameLabel.alignment == qt.Qt.AlignRight | qt.Qt.AlignVCenter
    assert ui.volumeSelector.mrmlScene() is slicer.mrmlScene
    assert ui.section.visible
    ui.detailsBox.checked = True
    ui.detailsBox.checked = False
    assert not ui.nameEdit.enabled


def test_a_widget_that_the_host_has_not_is_an_error(window, tmp_path):
    import slicer

    path = tmp_path / "x.ui"
    path.write_text('<ui version="4.0"><class>x</class><widget class="ctkUnknown" name="x"/></ui>')
    with pytest.raises(NotImplementedError, match="ctkUnknown"):
        slicer.util.loadUI(str(path))


def test_widgets_show_the_defaults(panel):
    ui = panel.ui
    shown = ui.nameEdit.text, ui.overlapSlider.value, ui.roundsBox.value, ui.deviceBox.currentText
    assert shown == ("tumor", 0.5, 3, "auto")
    assert (ui.speedBox.currentText, ui.folderEdit.currentPath) == ("FAST", ".")
    assert (ui.overlapSlider.maximum, ui.roundsBox.maximum, ui.deviceBox.count) == (0.9, 9, 2)
    assert ui.referenceSelector.nodeTypes == ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode")


def test_parameters_follow_the_widgets(panel, volume):
    ui = panel.ui
    ui.volumeSelector.setCurrentNode(volume)
    ui.nameEdit.text, ui.detailsBox.checked, ui.overlapSlider.value, ui.roundsBox.value = "mass", True, 0.25, 7
    ui.deviceBox.currentIndex, ui.speedBox.currentIndex, ui.folderEdit.currentPath = 1, 1, "/models"
    one = panel.parameters
    assert one.volume is volume
    assert (one.name, one.details, one.overlap, one.rounds) == ("mass", True, 0.25, 7)
    assert (one.device, one.speed.name, one.folder) == ("cpu", "SLOW", Path("/models"))


def test_widgets_follow_the_parameters(panel, volume):
    import slicer

    one, ui = panel.parameters, panel.ui
    one.volume, one.name, one.overlap, one.rounds, one.device = volume, "mass", 0.25, 7, "cpu"
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    one.reference = segmentation
    assert ui.volumeSelector.currentNode() is volume
    assert ui.referenceSelector.currentNode() is segmentation
    assert (ui.nameEdit.text, ui.overlapSlider.value, ui.roundsBox.value) == ("mass", 0.25, 7)
    assert ui.deviceBox.currentText == "cpu"
    one.reference = None
    assert ui.referenceSelector.currentNode() is None


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("name", None, TypeError),
        ("name", 3, TypeError),
        ("rounds", 2.5, TypeError),
        ("rounds", 10, ValueError),
        ("overlap", 1.0, ValueError),
        ("device", "gpu", ValueError),
        ("folder", "/as/text", TypeError),
        ("volume", "CT", TypeError),
    ],
)
def test_a_parameter_refuses_what_it_is_not(panel, name, value, error):
    with pytest.raises(error):
        setattr(panel.parameters, name, value)


def test_a_union_of_nodes_without_none_cannot_be_written(window):
    import slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    def class_of(annotation):
        return parameterNodeWrapper(type("Parameters", (), {"__annotations__": {"reference": annotation}}))

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    with pytest.raises(TypeError, match="NoneType"):
        class_of(slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode)(node)
    with pytest.raises(TypeError, match="cannot be of the type"):
        class_of(list[str])


def test_a_union_spelled_with_bars_cannot_be_connected(panel):
    import slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    union = slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode | None
    wrapper = parameterNodeWrapper(type("Parameters", (), {"__annotations__": {"reference": union}}))
    parameters = wrapper(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        parameters.connectParametersToGui({"reference": panel.ui.referenceSelector})


def test_a_panel_disconnected_from_its_parameters(panel):
    node, ui = panel.parameters, panel.ui
    panel.disconnect()
    ui.nameEdit.text = "other"
    node.rounds = 5
    assert (node.name, ui.roundsBox.value) == ("tumor", 3)


def test_parameters_are_saved_with_the_scene(panel, volume, tmp_path):
    import slicer

    panel.parameters.volume, panel.parameters.name = volume, "mass"
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert (panel.parameters.volume, panel.ui.nameEdit.text) == (None, "tumor")
    slicer.util.loadScene(path)
    panel.connect()
    assert (panel.parameters.volume.GetName(), panel.ui.nameEdit.text) == ("CT", "mass")


def test_comings_and_goings(window):
    import slicer

    panel = window.open_module(SAMPLE)
    history = sys.modules["HostSample"].history
    assert history == ["started", "setup", "enter, entered: True"]
    slicer.util.selectModule("Markups")
    slicer.util.selectModule("HostSample")
    assert history[3:] == ["exit", "enter, entered: True"]
    assert slicer.util.getModuleWidget("HostSample") is panel
    assert slicer.modules.HostSampleWidget is panel
    assert slicer.util.getModuleLogic("HostSample") is panel.logic
    assert slicer.modules.hostsample.title == "Host sample"


def test_reloading(window):
    import slicer

    old = window.open_module(SAMPLE)
    old_history = sys.modules["HostSample"].history
    old.onReload()
    new = slicer.util.getModuleWidget("HostSample")
    assert new is not old
    assert old_history[-1] == "cleanup"
    assert sys.modules["HostSample"].history == ["setup"]
    assert new.parent.isEntered
    window.settle()
    assert new.ui.section.visible
    assert not old.ui.section.visible


def test_closing_cleans_up(started):
    from slicer_window import open_window

    opened = open_window()
    opened.open_module(SAMPLE)
    opened.close()
    assert sys.modules["HostSample"].history[-2:] == ["exit", "cleanup"]


def test_closing_raises_what_callbacks_raised(started):
    from slicer_window import open_window

    opened = open_window()
    opened.scene.AddObserver(opened.scene.NodeAddedEvent, lambda *_: 1 / 0)
    opened.scene.AddNewNodeByClass("vtkMRMLTableNode")
    with pytest.raises(ExceptionGroup) as caught:
        opened.close()
    assert {type(one) for one in caught.value.exceptions} == {ZeroDivisionError}
