"""Slicer's module files, with the names lent that Slicer Core leaves out (see Testing/host)."""

from __future__ import annotations

import importlib.util
import sys
import unittest
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


def run_self_test(name: str) -> None:
    """Run a module's tests as `slicer.testing.runUnitTest` does, and let none be skipped."""
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromName(name))
    assert result.wasSuccessful()
    assert result.testsRun > 0
    assert result.skipped == []
