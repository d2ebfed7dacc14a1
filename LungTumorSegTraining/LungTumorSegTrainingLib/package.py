"""Which Python trains, and where it finds the package LungTumorSegLib."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

PACKAGE = "LungTumorSegLib"


class LaunchError(Exception):
    """Training cannot be started as things are installed; the message is one line that says what to do."""


def python() -> str:
    """Return the Python to start: inside Slicer its launcher ``PythonSlicer``, elsewhere the one that runs.

    Raises
    ------
    LaunchError
        Slicer did not find ``PythonSlicer`` beside itself, or it cannot be run.
    """
    if not sys.executable:
        raise LaunchError("Slicer does not know its PythonSlicer; install Slicer anew")
    if shutil.which(sys.executable) is None:
        raise LaunchError(f"{sys.executable} cannot be run; install Slicer anew")
    return sys.executable


def package_folder() -> Path:
    """Return the folder in which LungTumorSegLib lies.

    An installed extension has all its modules in one folder, the source tree gives each a folder of its own.

    Raises
    ------
    LaunchError
        It lies in neither place, and Python does not know it.
    """
    modules = Path(__file__).absolute().parents[1]
    for folder in (modules, modules.parent / "LungTumorSeg"):
        if (folder / PACKAGE / "__init__.py").is_file():
            return folder
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise LaunchError(f"{PACKAGE} is not in {modules}; install the extension LungTumorSeg as a whole")
    return Path(spec.origin).parents[1]


def environment() -> dict[str, str]:
    """Return the environment in which any Python finds the package, and writes each line at once."""
    inherited = os.environ.get("PYTHONPATH")
    paths = [str(package_folder()), *([inherited] if inherited else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
