"""What the panel's button does, which is the widget's own method; there is no Qt here."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import slicer

from support.modules import load
from support.scenes import find_bright


@pytest.fixture
def widget(scene, monkeypatch):
    """The panel without Qt: its button's method, with labels that only keep their text."""
    module = load("LungTumorSeg")
    monkeypatch.setitem(sys.modules, "qt", SimpleNamespace(Qt=SimpleNamespace(WaitCursor=3)))
    cursor = {"setOverrideCursor": lambda shape: None, "restoreOverrideCursor": lambda: None}
    monkeypatch.setattr(slicer, "app", SimpleNamespace(testingEnabled=lambda: True, **cursor), raising=False)
    widget = module.LungTumorSegWidget.__new__(module.LungTumorSegWidget)
    widget.logic = module.LungTumorSegLogic(find_bright)
    widget.ui = SimpleNamespace(statusLabel=SimpleNamespace(text="", repaint=lambda: None))
    widget._parameterNode = widget.logic.getParameterNode()
    return widget


def test_the_button_keeps_two_patients_apart(widget, ct_node, second_ct):
    chosen = widget._parameterNode
    chosen.inputVolume = ct_node
    widget.onSegmentButton()
    first = chosen.outputSegmentation
    widget.onSegmentButton()
    assert chosen.outputSegmentation is first
    assert first.GetSegmentation().GetNumberOfSegments() == 2

    chosen.inputVolume = second_ct
    widget.onSegmentButton()
    second = chosen.outputSegmentation
    assert second is not first
    assert first.GetSegmentation().GetNumberOfSegments() == 2
    assert second.GetNodeReference(second.GetReferenceImageGeometryReferenceRole()) is second_ct
    assert "1 lesions" in widget.ui.statusLabel.text


def test_the_button_uses_a_segmentation_that_belongs_to_no_volume(widget, scene, ct_node):
    mine = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    widget._parameterNode.inputVolume = ct_node
    widget._parameterNode.outputSegmentation = mine
    widget.onSegmentButton()
    assert widget._parameterNode.outputSegmentation is mine
    assert mine.GetSegmentation().GetNumberOfSegments() == 1


def test_an_undone_segmentation_does_not_take_another_patient(widget, ct_node, second_ct):
    widget._parameterNode.inputVolume = ct_node
    widget.onSegmentButton()
    emptied = widget._parameterNode.outputSegmentation
    assert widget.logic.undo(emptied)
    widget._parameterNode.inputVolume = second_ct
    widget.onSegmentButton()
    assert widget._parameterNode.outputSegmentation is not emptied
    assert emptied.GetSegmentation().GetNumberOfSegments() == 0
