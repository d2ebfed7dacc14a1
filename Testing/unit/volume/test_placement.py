"""A cropped label map is put where it belongs on the whole grid."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from LungTumorSegLib.volume import Volume
from LungTumorSegLib.volume.placement import place_on_grid
from support.volumes import ball_mask, chest_volume, masks


@given(masks(), st.data())
def test_a_crop_goes_back_to_its_place(mask, data):
    """Any box around what is labelled, within the grid or reaching beyond it."""
    grid, index = mask.grid, np.argwhere(mask.array)
    low = index.min(axis=0) if len(index) else np.zeros(3, int)
    high = index.max(axis=0) + 1 if len(index) else np.ones(3, int)
    first = np.array([data.draw(st.integers(-3, int(n))) for n in low])
    last = np.array([data.draw(st.integers(int(n), int(n) + 3)) for n in high])
    crop = np.pad(mask.array, 6)[tuple(slice(a + 6, b + 6) for a, b in zip(first, last, strict=True))]
    crop_grid = replace(grid, size=crop.shape[::-1], origin=tuple(grid.to_physical(first[::-1])))
    placed = place_on_grid(Volume(crop, crop_grid), grid)
    assert placed.grid is grid
    assert np.array_equal(placed.array, mask.array)


def test_nothing_is_resampled_and_nothing_cut_off():
    mask = ball_mask(chest_volume().grid)
    grid = mask.grid
    assert place_on_grid(mask, replace(grid, origin=(-155.0, -140.0, -300.0))) is None
    assert place_on_grid(mask, replace(grid, spacing=(5.0, 5.0, 20.0))) is None
    assert place_on_grid(mask, replace(grid, direction=np.diag([-1.0, 1.0, 1.0]))) is None
    assert place_on_grid(mask, replace(grid, size=(8, 8, 3))) is None
    far = replace(grid, origin=(5000.0, -140.0, -300.0))
    assert place_on_grid(mask, far) is None
    assert not place_on_grid(mask.with_array(mask.array * 0), far).array.any()


def test_the_room_imports_nothing_heavy():
    program = """
import sys
import LungTumorSegLib.volume
print(sorted(set(sys.modules) & {"torch", "monai", "SimpleITK", "scipy", "pydicom", "vtk", "slicer"}))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
