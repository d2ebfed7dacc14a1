"""A real MRML scene of Slicer Core, and the module file's neighbours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import slicer

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "LungTumorSeg"), str(ROOT / "LungTumorSegTraining")]


@pytest.fixture
def scene():
    """An empty scene, which is also ``slicer.mrmlScene`` while the test runs."""
    new = slicer.vtkMRMLScene()
    slicer.vtkMRMLApplicationLogic().SetMRMLScene(new)  # adds the selection node, where units are looked up
    slicer.mrmlScene = new
    yield new
    new.Clear()
    del slicer.mrmlScene


@pytest.fixture
def logic():
    """The scene's logic with a predictor that needs no network."""
    from LungTumorSegLib.scene import SegmentationLogic
    from support.scenes import find_bright

    return SegmentationLogic(find_bright)


@pytest.fixture
def ct_node(scene):
    from support.scenes import add_ct

    return add_ct(scene)
