"""A real MRML scene of Slicer Core, and the module file's neighbours."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import slicer

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "LungTumorSeg"), str(ROOT / "LungTumorSegTraining")]


@pytest.fixture
def scene(tmp_path):
    """An empty scene, which is also ``slicer.mrmlScene`` while the test runs."""
    from support.scenes import new_scene

    new = slicer.mrmlScene = new_scene(tmp_path)
    yield new
    new.Clear()
    del slicer.mrmlScene


@pytest.fixture
def logic():
    """The scene's logic with a predictor that needs no network."""
    from LungTumorSegLib.scene import SegmentationLogic
    from support.scenes import find_bright

    return SegmentationLogic(predictor=find_bright)


@pytest.fixture
def ct_node(scene):
    from support.scenes import add_ct

    return add_ct(scene)


@pytest.fixture
def second_ct(scene):
    """Another patient's CT on the same grid; its tumour is denser."""
    from support.scenes import BRIGHT_HU, SECOND_HU, add_ct, ct_with_tumour

    ct = ct_with_tumour()
    return add_ct(scene, ct.with_array(np.where(ct.array == BRIGHT_HU, np.int16(SECOND_HU), ct.array)))
