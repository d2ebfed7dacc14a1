"""A Slicer without the Python packages: the panel opens, names them, and installs them on consent."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import slicer

from support.panels import add_half

MISSING = ["monai", "safetensors"]


@pytest.fixture
def bare(monkeypatch):
    """Let packages look as if they were not installed, until they are: ``bare(names)``."""
    from importlib import metadata

    import LungTumorSegLib.model  # noqa: F401  (it imports the function that is replaced here)

    real, missing = metadata.version, set()

    def version(name):
        if name in missing:
            raise metadata.PackageNotFoundError(name)
        return real(name)

    def forget(names):
        missing.update(names)
        return missing

    monkeypatch.setattr(metadata, "version", version)
    return forget


@pytest.fixture
def dialogs(window, monkeypatch):
    """The host's dialogs; pip finds no network, as at first in every test."""
    from slicer_widgets import dialogs

    monkeypatch.setattr(slicer.packaging, "install", slicer.packaging.refuse)
    monkeypatch.setattr(slicer.packaging, "requested", [])
    return dialogs


def test_the_panel_opens_and_names_what_is_missing(window, bare):
    bare(["torch", *MISSING])
    panel = window.open_module("LungTumorSeg")
    assert panel.ui.packagesFrame.visible
    text = panel.ui.packagesLabel.text
    assert "PyTorch (0.2 GB for a CPU, up to 3 GB for a GPU)" in text
    assert "monai (2 MB)" in text
    assert "safetensors (1 MB)" in text
    assert "h5py" not in text
    assert panel.logic.worker.state == "stopped"


def test_every_package_has_its_size(window):
    sys.modules.pop("LungTumorSegWidgets.packages", None)
    from LungTumorSegWidgets import packages

    for line in packages.REQUIREMENTS.read_text().splitlines():
        name = line.partition(">")[0].strip()
        if name and not name.startswith("#"):
            assert packages.Package(line, name).describe().endswith(" MB)"), name


def test_nothing_is_missing_here(panel):
    assert not panel.ui.packagesFrame.visible


def test_on_consent_they_are_installed_and_the_worker_starts(window, bare, dialogs):
    missing = bare(MISSING)
    panel = window.open_module("LungTumorSeg")
    slicer.packaging.install = lambda _requirements: missing.clear()
    dialogs.answers.append("Ok")
    window.click(panel.ui.installButton)
    assert "monai (2 MB)" in dialogs.asked[0].text
    (requested,) = slicer.packaging.requested
    assert [one.partition(">")[0] for one in requested] == MISSING
    assert not panel.ui.packagesFrame.visible
    assert panel.ui.messageLabel.text == "Everything is installed."
    assert panel.logic.worker.state == "starting"


def test_who_declines_is_not_asked_again_until_segment(window, ct_node, bare, dialogs):
    bare(MISSING)
    panel = window.open_module("LungTumorSeg")
    for button in (panel.ui.installButton, panel.ui.segmentButton):
        dialogs.answers.append("Cancel")
        window.click(button)
        assert panel.ui.messageLabel.text == "Not installed. Segmenting needs these packages."
    assert len(dialogs.asked) == 2
    assert not panel.panel.run.isRunning
    assert panel.ui.packagesFrame.visible


def test_without_internet_it_says_what_to_do(window, bare, dialogs):
    bare(MISSING)
    panel = window.open_module("LungTumorSeg")
    dialogs.answers.append("Ok")
    window.click(panel.ui.installButton)
    assert "HTTPS_PROXY" in panel.ui.messageLabel.text
    assert "Offline" in panel.ui.messageLabel.text
    assert panel.ui.messageIcon.visible
    assert panel.ui.packagesFrame.visible


def test_torch_comes_by_its_extension_only(window, bare, dialogs, monkeypatch):
    missing = bare(["torch"])
    panel = window.open_module("LungTumorSeg")
    dialogs.answers.append("Ok")
    window.click(panel.ui.installButton)
    assert "Extensions Manager" in panel.ui.messageLabel.text

    asked_for = []

    class PyTorchUtilsLogic:
        def installTorch(self, **options):  # noqa: N802  (as the extension names it)
            asked_for.append(options)
            missing.clear()
            return object()

    extension = ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = PyTorchUtilsLogic
    extension.__spec__ = __spec__
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    dialogs.answers.append("Ok")
    window.click(panel.ui.installButton)
    assert asked_for == [{"torchVersionRequirement": ">=2.6"}]
    assert panel.ui.messageLabel.text == "Everything is installed."


def test_what_is_still_not_there_asks_for_a_restart(window, bare, dialogs):
    bare(MISSING)
    panel = window.open_module("LungTumorSeg")
    slicer.packaging.install = lambda _requirements: None
    dialogs.answers.append("Ok")
    window.click(panel.ui.installButton)
    assert "restart Slicer" in panel.ui.messageLabel.text


def test_measuring_without_a_package_says_which(window, ct_node, panel, monkeypatch):
    """As in a scene of another computer, opened where nothing is installed yet."""
    monkeypatch.setitem(sys.modules, "cc3d", None)
    panel._parameterNode.outputSegmentation = add_half(ct_node)
    window.settle(0.3)
    assert "cc3d" in panel.ui.measurementLabel.text
    assert panel.ui.measurementTable.rowCount == 0
    assert not panel.ui.copyButton.enabled
