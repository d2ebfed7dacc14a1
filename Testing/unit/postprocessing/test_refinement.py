"""Border refinement against its definition, computed voxel by voxel, and on a lesion drawn wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from LungTumorSegLib.postprocessing import postprocess, refine_borders
from LungTumorSegLib.recipe.schema import Postprocessing

TOUCHING = np.ones((3, 3, 3))


def pairwise_distance(shape, spacing_xyz) -> np.ndarray:
    """Distance in mm between any two voxels: (n, n)."""
    points = np.argwhere(np.ones(shape)) * np.array(spacing_xyz[::-1])
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


def refined_by_definition(mask, ct, spacing_xyz, radius_mm, confidence_z, region) -> np.ndarray:
    """Apply the definition in the docstrings literally: sets of voxels and all their distances."""
    between = pairwise_distance(mask.shape, spacing_xyz)
    near = between <= radius_mm + 1e-6
    result, claims = np.zeros_like(mask), {}
    for label in np.unique(mask[mask > 0]):
        numbers, count = ndimage.label(mask == label, TOUCHING)
        for number in range(1, count + 1):
            own = numbers == number
            mean, sd = ct[own].mean(), ct[own].std()
            usual = (ct >= mean - confidence_z * sd - 1e-3) & (ct <= mean + confidence_z * sd + 1e-3)
            eroded = ~(near[:, ~own.ravel()].any(axis=1)).reshape(mask.shape) & own
            dilated = near[:, own.ravel()].any(axis=1).reshape(mask.shape)
            grown = eroded | (own & usual) | (dilated & (mask == 0) & usual & region)
            pieces, count_pieces = ndimage.label(grown, TOUCHING)
            sizes = {n: (pieces == n).sum() for n in range(1, count_pieces + 1)}
            if eroded.any():
                good = [n for n in sizes if (eroded & (pieces == n)).any()]
            else:
                good = [n for n in sizes if sizes[n] == max(sizes.values())]
            grown = np.isin(pieces, good)
            if not (grown & own).any():
                grown = own
            result[grown & own] = label
            for voxel in np.flatnonzero(grown & ~own):
                claims.setdefault(voxel, []).append((between[voxel, own.ravel()].min().astype(np.float32), label))
    for voxel, claimed in claims.items():
        result.flat[voxel] = min(claimed)[1]
    return result


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    spacing=st.tuples(*[st.sampled_from([0.5, 1.0, 1.5, 3.0])] * 3),
    radius=st.sampled_from([0.4, 1.0, 1.5, 2.0, 3.0]),
    z=st.sampled_from([0.1, 0.5, 1.0, 1.96]),
    filled=st.floats(0.02, 1),
    labels=st.integers(1, 3),
)
def test_equals_the_definition(seed, shape, spacing, radius, z, filled, labels):
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random(shape) < filled, rng.integers(1, labels + 1, shape), 0).astype(np.uint8)
    ct = rng.normal(0, 100, shape)
    region = rng.random(shape) < 0.7
    result = refine_borders(mask, ct, spacing, radius_mm=radius, confidence_z=z, region=region)
    assert result.dtype == np.uint8
    assert np.array_equal(result, refined_by_definition(mask, ct, spacing, radius, z, region))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    axes=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
)
def test_does_not_depend_on_the_order_of_components_or_axes(seed, axes, flips):
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=(12, 14, 16)), 1.2)
    mask = np.where(noise > 0.12, 1 + (rng.random(noise.shape) < 0.3), 0).astype(np.uint8)
    ct = 500 * noise + rng.normal(0, 20, noise.shape)
    spacing = np.array([0.7, 0.9, 1.3])

    def turned(array):
        return np.flip(array.transpose(axes), np.flatnonzero(flips))

    result = refine_borders(mask, ct, tuple(spacing), radius_mm=1.5, confidence_z=1.5)
    turned_spacing = tuple(spacing[::-1][list(axes)][::-1])
    other = refine_borders(turned(mask), turned(ct), turned_spacing, radius_mm=1.5, confidence_z=1.5)
    assert np.array_equal(turned(result), other)
    assert not np.array_equal(result, mask)


def ball(shape, centre, radius) -> np.ndarray:
    z, y, x = np.indices(shape)
    return (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2


@pytest.fixture
def nodule():
    """A nodule of soft tissue in lung, and a mask of it that is a voxel off."""
    shape, centre = (30, 30, 30), (15, 15, 15)
    truth = ball(shape, centre, 8)
    ct = np.where(truth, 40.0, -800.0) + np.random.default_rng(0).normal(0, 20, shape)
    drawn = ball(shape, (15, 15, 16), 8)
    return truth, drawn.astype(np.uint8), ct


def test_a_border_that_is_a_voxel_off_is_put_right(nodule):
    truth, drawn, ct = nodule
    assert (drawn != truth).sum() > 200
    refined = refine_borders(drawn, ct, (1.0, 1.0, 1.0), radius_mm=1.5, confidence_z=1.96)
    assert (refined != truth).sum() == 0


def test_region_limits_what_is_added_only(nodule):
    truth, drawn, ct = nodule
    region = np.zeros(truth.shape, bool)
    refined = refine_borders(drawn, ct, (1.0, 1.0, 1.0), radius_mm=1.5, confidence_z=1.96, region=region)
    assert np.array_equal(refined > 0, truth & (drawn > 0))


def test_radius_is_in_mm(nodule):
    truth, drawn, ct = nodule
    # At 4 mm a voxel, nothing is within 3 mm: no voxel is in the ring.
    refined = refine_borders(drawn, ct, (4.0, 4.0, 4.0), radius_mm=3.0, confidence_z=1.96)
    assert np.array_equal(refined, drawn)
    # Only x, where the mask is off, is fine enough to be looked at.
    refined = refine_borders(drawn, ct, (1.0, 4.0, 4.0), radius_mm=1.0, confidence_z=1.96)
    assert np.array_equal(refined > 0, truth)


def test_a_single_voxel_and_a_uniform_lesion_stay():
    mask = np.zeros((7, 7, 7), np.uint8)
    mask[3, 3, 3] = 1
    ct = np.random.default_rng(1).normal(-800, 20, mask.shape)
    assert np.array_equal(refine_borders(mask, ct, (1, 1, 1), radius_mm=2, confidence_z=2), mask)
    everything = np.ones_like(mask)
    assert np.array_equal(
        refine_borders(everything, np.zeros(mask.shape), (1, 1, 1), radius_mm=2, confidence_z=2), everything
    )
    nothing = np.zeros_like(mask)
    assert not refine_borders(nothing, ct, (1, 1, 1), radius_mm=2, confidence_z=2).any()


def test_recipe_switches_it(nodule):
    truth, drawn, ct = nodule
    drawn[2, 2, 2] = 1  # a speck that the recipe removes first
    ct = ct.astype(np.int16)
    switches = {"enabled": True, "radius_mm": 1.5, "confidence_z": 1.96}
    on = Postprocessing(components={"keep": "largest"}, border_refinement=switches)
    off = Postprocessing(components={"keep": "largest"}, border_refinement=switches | {"enabled": False})
    assert np.array_equal(postprocess(drawn, ct, (1.0, 1.0, 1.0), on) > 0, truth)
    drawn_nodule = drawn.copy()
    drawn_nodule[2, 2, 2] = 0
    assert np.array_equal(postprocess(drawn, ct, (1.0, 1.0, 1.0), off), drawn_nodule)
