"""Fixtures with the test host's window (see Testing/host). A conftest imports those that its tests ask for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [one for one in map(str, (ROOT / "Testing" / "host", ROOT / "LungTumorSeg")) if one not in sys.path]


@pytest.fixture
def window():
    """The open application, without a module; closing it raises what callbacks raised."""
    pytest.importorskip(
        "PySide6.QtWidgets", reason="PySide6 or a library that it needs is missing", exc_type=ImportError
    )
    from slicer_window import open_window

    ours = ("LungTumorSegLib", "LungTumorSegWidgets")
    before = {name: module for name, module in sys.modules.items() if name.startswith(ours)}
    opened = open_window()
    yield opened
    opened.close()
    if any(sys.modules.get(name) is not module for name, module in before.items()):
        # The module was reloaded and has imported the package anew; other tests hold the classes that were there.
        for name in [name for name in sys.modules if name.startswith(ours)]:
            del sys.modules[name]
        sys.modules.update(before)


@pytest.fixture
def panel(window):
    """The module's widget (`LungTumorSegWidget`) in the open window; its widgets are ``panel.ui.<name>``."""
    return window.open_module("LungTumorSeg")
