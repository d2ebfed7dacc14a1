"""A display for Qt: a virtual screen, or none."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import PySide6

SCREEN = "1600x1200x24"


def provide_display() -> str:
    """Make sure that Qt can open windows, and say where: the platform that `QT_QPA_PLATFORM` names, or a virtual
    screen (Xvfb) of our own, or no screen at all (``offscreen``) where that is not installed."""
    if "QT_QPA_PLATFORM" not in os.environ:
        os.environ["QT_QPA_PLATFORM"] = "xcb" if _can_use_screens() else "offscreen"
        if os.environ["QT_QPA_PLATFORM"] == "xcb":
            os.environ["DISPLAY"] = _start_xvfb()
    return os.environ["QT_QPA_PLATFORM"]


def _can_use_screens() -> bool:
    """Whether there is Xvfb and Qt's plugin for it has the libraries that it needs; without them Qt would abort."""
    plugin = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(plugin))
    except OSError:
        return False
    return shutil.which("Xvfb") is not None


def _start_xvfb() -> str:
    """Start Xvfb on a display that is free. It ends when the last window's process has gone, however that ended."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-terminate", "-screen", "0", SCREEN, "-nolisten", "tcp"]
    subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as lines:
        number = lines.readline().strip()
    if not number:
        raise RuntimeError("Xvfb did not start")
    return f":{number}"
