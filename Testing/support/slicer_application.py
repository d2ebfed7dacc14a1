"""The stand-in for the Slicer application (see Testing/host), laid out as Slicer is installed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPLICATION = ROOT / "Testing" / "host" / "slicer_application"
TRAIN = ROOT / "LungTumorSegTraining" / "train.py"


def install(home: Path) -> Path:
    """Put ``Slicer`` and ``bin/PythonSlicer`` into a folder; return the former."""
    (home / "bin").mkdir(parents=True)
    launch = [sys.executable, APPLICATION / "launcher.py", home, sys.executable]
    _program(home / "bin" / "PythonSlicer", launch)
    return _program(home / "Slicer", [*launch, APPLICATION / "application.py"])


def _program(path: Path, command: list) -> Path:
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def child_of(pid: int) -> int:
    """Return the one process that another has started (Linux)."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def descendants_of(pid: int) -> list[int]:
    """Return all processes that a process and its children have started (Linux)."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for child in children for one in (child, *descendants_of(child))]
