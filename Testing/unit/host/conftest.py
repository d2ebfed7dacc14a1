"""Qt as the host lends it, and the host's window."""

from __future__ import annotations

import sys

import pytest

from support.windows import window  # noqa: F401


@pytest.fixture(scope="session")
def started():
    """Qt's application; without a window or a scene."""
    pytest.importorskip(
        "PySide6.QtWidgets", reason="PySide6 or a library that it needs is missing", exc_type=ImportError
    )
    from slicer_window import start_qt

    return start_qt()


@pytest.fixture
def qt(started):
    return sys.modules["qt"]


@pytest.fixture
def ctk(started):
    return sys.modules["ctk"]


@pytest.fixture
def run_until(started):
    """Let Qt's events run until something is so, ten seconds at most."""
    import time

    def run(condition):
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, "it did not happen within 10 s"
            started.processEvents()
            time.sleep(0.002)

    return run
