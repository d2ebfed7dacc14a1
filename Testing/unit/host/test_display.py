"""Where the windows are: a virtual screen that nobody else uses and that goes with its process, or none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOST = Path(__file__).parents[2] / "host"
OPEN_AND_DIE = """
import os, signal
from slicer_window import start_qt
start_qt()
print(os.environ["QT_QPA_PLATFORM"], os.environ.get("DISPLAY"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def open_and_die(**environment) -> list[str]:
    pytest.importorskip(
        "PySide6.QtWidgets", reason="PySide6 or a library that it needs is missing", exc_type=ImportError
    )
    inherited = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AND_DIE],
        env=inherited | {"PYTHONPATH": str(HOST)} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (see Testing/debian-packages.txt)")
def test_a_screen_ends_with_its_process_even_if_that_is_killed():
    platform, display = open_and_die()
    assert platform == "xcb"
    socket = Path(f"/tmp/.X11-unix/X{display.removeprefix(':')}")
    end = time.monotonic() + 20
    while socket.exists():
        assert time.monotonic() < end, f"{socket} is still there"
        time.sleep(0.02)


def test_without_a_virtual_screen_there_are_windows_all_the_same(tmp_path):
    assert open_and_die(PATH=str(tmp_path)) == ["offscreen", "None"]
