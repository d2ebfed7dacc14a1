"""Diameters of any shape: against brute force, and the same wherever and however the voxels are stored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter, label
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from LungTumorSegLib.measurements import measure
from LungTumorSegLib.measurements.outline import REACH, contour_lines
from LungTumorSegLib.volume import Grid, Volume


def outline_points(inside: np.ndarray, spacing) -> np.ndarray:
    """All points a quarter of a voxel outside of a voxel that borders on the background, by definition."""
    points = []
    for index in np.argwhere(inside):
        for axis in range(inside.ndim):
            for side in (-1, 1):
                neighbour = index.copy()
                neighbour[axis] += side
                outside = not 0 <= neighbour[axis] < inside.shape[axis] or not inside[tuple(neighbour)]
                if outside:
                    points.append(index + REACH * (neighbour - index))
    return np.array(points) * spacing


def blob(seed: int, shape=(7, 14, 13)) -> np.ndarray:
    """One ragged lesion, not convex, often with holes."""
    noise = np.random.default_rng(seed).normal(size=shape)
    inside = gaussian_filter(noise, 1.3) > 0.05
    labels, _ = label(inside, np.ones((3, 3, 3)))
    return labels == np.argmax(np.bincount(labels[inside]))


def sections(inside: np.ndarray) -> list[np.ndarray]:
    """Connected parts of each slice."""
    labelled = [label(plane, np.ones((3, 3))) for plane in inside]
    return [labels == part for labels, count in labelled for part in range(1, count + 1)]


@given(st.integers(0, 10**6), st.tuples(*[st.sampled_from([0.6, 0.83, 1.0, 2.5])] * 3))
def test_against_brute_force(seed, spacing_zyx):
    inside = blob(seed)
    lesion = measure(Volume(inside.astype(np.uint8), Grid(inside.shape[::-1], spacing_zyx[::-1])))["lesions"][0]
    assert lesion["diameter_3d_mm"] == pytest.approx(pdist(outline_points(inside, spacing_zyx)).max())
    in_plane = [pdist(outline_points(section, spacing_zyx[1:])).max() for section in sections(inside)]
    assert lesion["long_axis_mm"] == pytest.approx(max(in_plane))


@given(st.integers(0, 10**6))
def test_short_axis_is_the_longest_across_and_reached(seed):
    inside = blob(seed, (1, 16, 15))
    spacing = np.array([0.7, 0.9])
    lesion = measure(Volume(inside.astype(np.uint8), Grid((15, 16, 1), (0.9, 0.7, 3.0))))["lesions"][0]
    long_axis, short_axis = (np.array(lesion[f"{name}_axis_points_lps_mm"])[:, 1::-1] for name in ("long", "short"))
    along = (long_axis[1] - long_axis[0]) / lesion["long_axis_mm"]
    across = np.array([-along[1], along[0]])
    lines = contour_lines(inside[0], spacing)
    # No line across the long axis meets the outline farther apart.
    u, v = lines @ along, lines @ across
    for position in np.linspace(u.min(), u.max(), 500):
        met = (u[:, 0] - position) * (u[:, 1] - position) < 0
        fraction = (position - u[met, 0]) / (u[met, 1] - u[met, 0])
        height = v[met, 0] + fraction * (v[met, 1] - v[met, 0])
        assert not met.any() or np.ptp(height) <= lesion["short_axis_mm"] + 1e-9
    # Both ends lie on the outline.
    for end in short_axis:
        step = lines[:, 1] - lines[:, 0]
        fraction = np.clip(((end - lines[:, 0]) * step).sum(axis=1) / (step**2).sum(axis=1), 0, 1)
        assert np.linalg.norm(lines[:, 0] + fraction[:, None] * step - end, axis=1).min() < 1e-6


@given(st.integers(0, 10**6))
def test_axes_lie_on_the_outline_at_a_right_angle(seed):
    inside = blob(seed)
    grid = Grid(inside.shape[::-1], (0.8, 0.9, 2.0), (10.0, 20.0, 30.0))
    lesion = measure(Volume(inside.astype(np.uint8), grid))["lesions"][0]
    long_axis, short_axis = (np.array(lesion[f"{name}_axis_points_lps_mm"]) for name in ("long", "short"))
    along, across = long_axis[1] - long_axis[0], short_axis[1] - short_axis[0]
    assert np.linalg.norm(along) == pytest.approx(lesion["long_axis_mm"])
    assert np.linalg.norm(across) == pytest.approx(lesion["short_axis_mm"])
    assert abs(along @ across) <= 1e-6 * np.linalg.norm(along) * np.linalg.norm(across)
    slices = grid.to_index(np.concatenate([long_axis, short_axis]))[:, 2]
    np.testing.assert_allclose(slices, lesion["slice_index"], atol=1e-9)
    # Every end has a tumour voxel's centre within a quarter of a voxel along one axis.
    for point in grid.to_index(np.concatenate([long_axis, np.array(lesion["diameter_3d_points_lps_mm"])])):
        nearest = np.round(point).astype(int)
        assert inside[tuple(nearest[::-1])]
        assert np.sum(np.abs(point - nearest)) == pytest.approx(REACH)
    assert lesion["short_axis_mm"] <= lesion["long_axis_mm"] + 1e-9
    assert lesion["long_axis_mm"] <= lesion["diameter_3d_mm"] + 1e-9


def stored(volume: Volume, axes, flips) -> Volume:
    """The same voxels at the same places in the patient, stored with other axes."""
    flipped = [slice(None, None, -1) if flip else slice(None) for flip in flips]
    array = volume.array[tuple(flipped[::-1])]
    corner = [n - 1 if flip else 0 for n, flip in zip(volume.grid.size, flips, strict=True)]
    signs = np.where(flips, -1.0, 1.0)
    direction = (volume.grid.direction * signs)[:, list(axes)]
    spacing = tuple(volume.grid.spacing[axis] for axis in axes)
    array = np.ascontiguousarray(array.transpose([2 - axis for axis in axes[::-1]]))
    return Volume(array, Grid(array.shape[::-1], spacing, volume.grid.to_physical(corner), direction))


SLICE_KEYS = ("slice_axis", "slice_index")


@given(st.integers(0, 10**6), st.permutations([0, 1, 2]), st.tuples(*[st.booleans()] * 3), st.booleans())
def test_storage_does_not_matter(seed, axes, flips, cubic):
    # Equal spacings make ties between diameters likely.
    inside = blob(seed)
    grid = Grid(inside.shape[::-1], (1.0, 1.0, 1.0) if cubic else (0.8, 0.9, 2.0), (-50.0, 20.0, 300.0))
    volume = Volume(inside.astype(np.uint8), grid)
    expected = measure(volume)["lesions"][0]
    actual = measure(stored(volume, axes, flips))["lesions"][0]
    for key in expected.keys() - set(SLICE_KEYS):
        np.testing.assert_allclose(actual[key], expected[key], atol=1e-6, err_msg=key)


def unique_longest(inside: np.ndarray, spacing_zyx) -> bool:
    """Whether only one pair of outline points is farthest apart, in the lesion and in its sections."""
    distances = pdist(outline_points(inside, spacing_zyx))
    in_plane = np.concatenate([pdist(outline_points(section, spacing_zyx[1:])) for section in sections(inside)])
    return all(np.count_nonzero(d > d.max() - 1e-5) == 1 for d in (distances, in_plane))


@given(st.integers(0, 10**6), st.tuples(*[st.floats(-20.0, 20.0)] * 3))
def test_a_rigid_motion_moves_the_end_points_along(seed, angles):
    inside = blob(seed)
    assume(unique_longest(inside, (2.0, 0.9, 0.8)))
    grid = Grid(inside.shape[::-1], (0.8, 0.9, 2.0), (-50.0, 20.0, 300.0))
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    shift = np.array([3.0, -70.0, 11.0])
    moved = Grid(grid.size, grid.spacing, turn @ grid.origin + shift, turn @ grid.direction)
    array = inside.astype(np.uint8)
    expected, actual = (measure(Volume(array, g))["lesions"][0] for g in (grid, moved))
    for key in ("long_axis_points_lps_mm", "diameter_3d_points_lps_mm"):
        ends = np.array(expected[key]) @ turn.T + shift
        # Which end comes first depends on the patient's axes, which the motion turns.
        turned = np.linalg.norm(ends[0] - actual[key][0]) > np.linalg.norm(ends[1] - actual[key][0])
        np.testing.assert_allclose(actual[key], ends[::-1] if turned else ends, atol=1e-6, err_msg=key)
    np.testing.assert_allclose(actual["centroid_lps_mm"], turn @ expected["centroid_lps_mm"] + shift, atol=1e-6)
    for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "diameter_3d_mm", *SLICE_KEYS):
        assert actual[key] == (pytest.approx(expected[key], abs=1e-6) if key.endswith("mm") else expected[key])


@given(hnp.arrays(np.uint8, (3, 5, 4), elements=st.integers(0, 3), fill=st.just(0)))
def test_any_mask_at_all_can_be_measured(array):
    assume(array.any())
    report = measure(Volume(array, Grid((4, 5, 3), (0.7, 0.7, 3.0))))
    json.dumps(report, allow_nan=False)
    assert sum(lesion["voxels"] for lesion in report["lesions"]) == np.count_nonzero(array)
    for lesion in report["lesions"]:
        assert 0.0 < lesion["short_axis_mm"] <= lesion["long_axis_mm"] + 1e-9
        assert lesion["long_axis_mm"] <= lesion["diameter_3d_mm"] + 1e-9
