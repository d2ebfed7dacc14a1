"""Balls in mm are exact, and holes are filled as SciPy fills them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_fill_holes, distance_transform_edt

from LungTumorSegLib.lungs.coarse import LocatedRegion
from LungTumorSegLib.lungs.morphology import dilate, dilate_slices, erode, without_cavities, without_holes
from LungTumorSegLib.volume.boxes import bounding_box
from LungTumorSegLib.volume.resampling import axis_weights

some = settings(max_examples=60, deadline=None)
shapes = st.tuples(*[st.integers(1, 14)] * 3)
spacings = st.tuples(*[st.floats(0.7, 5.0)] * 3)


def drawn(shape, share, seed) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


def distance_to(mask: np.ndarray, spacing) -> np.ndarray:
    return distance_transform_edt(~mask, sampling=spacing) if mask.any() else np.full(mask.shape, np.inf)


@some
@given(shapes, spacings, st.floats(0, 12), st.floats(0, 1), st.integers(0, 99))
def test_balls_reach_as_far_as_the_exact_distance_says(shape, spacing, radius, share, seed):
    mask = drawn(shape, share, seed)
    to, beside = distance_to(mask, spacing), distance_to(~mask, spacing)
    clear, clear_beside = (abs(distance - radius) > 1e-4 for distance in (to, beside))
    assert np.array_equal(dilate(mask, radius, spacing)[clear], (to <= radius)[clear])
    assert np.array_equal(erode(mask, radius, spacing)[clear_beside], (beside > radius)[clear_beside])


@pytest.mark.parametrize("step", [0.7, 1.1, 2.4, 8 / 3])
def test_a_radius_of_exactly_three_voxels_reaches_the_third(step):
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    reached = dilate(mask, 3 * step, (step,) * 3)
    assert reached[1, 4, 4]
    assert reached[4, 7, 4]
    assert reached[4, 4, 1]
    assert not reached[0].any()
    in_slices = dilate_slices(mask, 3 * step, (step,) * 3)
    assert np.array_equal(in_slices[4], reached[4])
    assert not in_slices[[3, 5]].any()


@some
@given(shapes, st.floats(0.3, 1), st.integers(0, 99))
def test_holes_are_filled_in_slices_and_cavities_in_space(shape, share, seed):
    mask = drawn(shape, share, seed)
    assert np.array_equal(without_holes(mask), np.stack([binary_fill_holes(plane) for plane in mask]))
    assert np.array_equal(without_cavities(mask), binary_fill_holes(mask))


@some
@given(shapes, st.tuples(*[st.floats(0.2, 2.5)] * 3), st.floats(0.01, 0.6), st.integers(0, 99))
def test_a_regions_box_and_its_parts_are_those_of_the_whole(shape, steps, share, seed):
    """Also of specks that hold no voxel of the CT's grid."""
    region = drawn(shape, share, seed)
    region.flat[seed % region.size] = True
    weights = tuple(axis_weights(np.arange(0, n - 1 + 1e-9, step), n) for n, step in zip(shape, steps, strict=True))
    located = LocatedRegion(region, weights)
    whole, box = located.on_fine_grid(region), located.bounding_box()
    assert np.array_equal(located.on_part(box), whole[box])
    if whole.any():
        assert box == bounding_box(whole)
    else:
        assert all(side.start == side.stop for side in box)
