"""The module in the application: its description, its sample data, its reload, its .ui file."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import slicer

from support.windows import ROOT

MODULE = ROOT / "LungTumorSeg" / "LungTumorSeg.py"
UI = MODULE.parent / "Resources" / "UI" / "LungTumorSeg.ui"


def test_the_module_describes_itself(panel):
    module = slicer.util.getModule("LungTumorSeg")
    assert module.title == "Lung Tumor Segmentation"
    assert list(module.categories) == ["Segmentation"]
    assert "Not for clinical use" in module.helpText
    assert "cancerimagingarchive" in module.helpText  # where public CTs are
    assert module.acknowledgementText
    assert slicer.util.getModuleLogic("LungTumorSeg") is panel.logic


def test_a_phantom_is_among_the_sample_data_and_is_made_here(window, panel):
    (source,) = slicer.modules.sampleDataSources["LungTumorSeg"]
    assert Path(source.thumbnailFileName).is_file()
    ct, truth = source.customDownloader(source)
    window.settle(0.2)
    assert panel._parameterNode.inputVolume is ct
    assert truth.IsA("vtkMRMLLabelMapVolumeNode")
    assert slicer.util.arrayFromVolume(truth).any()
    assert panel.ui.segmentButton.enabled


def test_reload_reads_everything_anew(window, panel):
    before = panel.panel
    panel.onReload()
    window.settle(0.2)
    again = slicer.modules.LungTumorSegWidget
    assert again is not panel
    assert type(again.panel) is not type(before)
    assert panel.panel is None  # cleaned up
    assert again.logic.worker.state in ("starting", "ready")
    assert again.ui.segmentButton.text == "Segment"


def test_the_ui_file_has_what_the_code_uses_and_nothing_else():
    tree = ET.parse(UI)
    named = {widget.get("name"): widget for widget in tree.iter("widget")}
    sources = [MODULE, *(MODULE.parent / "LungTumorSegWidgets").glob("*.py")]
    used = set().union(*(re.findall(r"\bui\.(\w+)", source.read_text()) for source in sources))
    assert used <= set(named)
    labels = {name for name, widget in named.items() if widget.get("class") == "QLabel"}
    assert set(named) - used - labels <= {"LungTumorSeg", "lesionsSection", "measurementsSection", *selectors(named)}
    parameters = {
        prop.findtext("string")
        for widget in named.values()
        for prop in widget.findall("property")
        if prop.get("name") == "SlicerParameterName"
    }
    block = MODULE.read_text().partition("class LungTumorSegParameterNode")[2].partition("\nclass ")[0]
    assert parameters == set(re.findall(r"^    (\w+): (?:Union\[)?vtkMRML", block, flags=re.MULTILINE))


def selectors(named) -> set[str]:
    """Return the widgets that the parameter node is connected with, by the .ui file alone."""
    return {name for name, widget in named.items() if widget.get("class") == "qMRMLNodeComboBox"}


def test_every_selector_is_told_of_the_scene():
    tree = ET.parse(UI)
    named = {widget.get("name"): widget for widget in tree.iter("widget")}
    connections = {(c.findtext("receiver"), c.findtext("slot")) for c in tree.iter("connection")}
    assert connections == {(name, "setMRMLScene(vtkMRMLScene*)") for name in selectors(named)}
    custom = {c.findtext("class") for c in tree.iter("customwidget")}
    assert {w.get("class") for w in tree.iter("widget") if not w.get("class").startswith("Q")} == custom


def test_every_text_of_the_widgets_can_be_translated():
    """No f-string goes into ``_()``: it would never be found in a table of translations."""
    for source in (MODULE, *(MODULE.parent / "LungTumorSegWidgets").glob("*.py")):
        assert not re.search(r"""_\(\s*f["']""", source.read_text()), source.name


def test_slicers_test_of_the_panel_passes_here_too(window, monkeypatch):
    from support.modules import run_self_test

    window.open_module("LungTumorSeg")
    monkeypatch.syspath_prepend(ROOT / "Testing" / "slicer" / "Python")
    sys.modules.pop("LungTumorSegPanelTest", None)
    run_self_test("LungTumorSegPanelTest")
