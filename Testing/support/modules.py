"""Slicer's module files, with the names lent that Slicer Core leaves out (see Testing/host)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from lent_slicer import lend

ROOT = Path(__file__).parents[2]
MODULES = {name: ROOT / name / f"{name}.py" for name in ("LungTumorSeg", "LungTumorSegTraining")}


def load(name: str):
    """Import a module file by its path, as Slicer does."""
    lend()
    spec = importlib.util.spec_from_file_location(name, MODULES[name])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
