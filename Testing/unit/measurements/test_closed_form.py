"""Volume and diameters of ellipsoids against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from LungTumorSegLib.measurements import measure
from LungTumorSegLib.volume import Grid
from support.ellipsoids import Ellipsoid, random_ellipsoid

SPACINGS = {
    "thin slices": lambda rng: np.array([0.7, 0.7, 1.0]),
    "thick slices": lambda rng: np.array([0.83, 0.83, 2.5]),
    "odd": lambda rng: rng.uniform(0.6, 1.5, 3),
}


def errors(spacing_of, sizes_mm, each: int) -> np.ndarray:
    """Error of long axis, short axis and 3D diameter in mm, in-plane and 3D voxel diagonal; one row a case."""
    rng = np.random.default_rng(7)
    rows = []
    for longest in np.repeat(sizes_mm, each):
        spacing = spacing_of(rng)
        ellipsoid, grid = random_ellipsoid(rng, longest, spacing)
        lesion = measure(ellipsoid.mask(grid))["lesions"][0]
        sections = ellipsoid.sections(grid)
        rows.append(
            [
                lesion["long_axis_mm"] - sections[:, 0].max(),
                lesion["short_axis_mm"] - sections[lesion["slice_index"], 1],
                lesion["diameter_3d_mm"] - 2 * ellipsoid.semi_axes.max(),
                np.linalg.norm(spacing[:2]),
                np.linalg.norm(spacing),
            ]
        )
    return np.array(rows)


@pytest.mark.parametrize("kind", SPACINGS)
def test_diameters_of_tilted_ellipsoids_are_right_to_half_a_voxel(kind):
    long_axis, short_axis, diameter, in_plane, voxel = errors(SPACINGS[kind], [5.0, 9.0, 14.0, 20.0], 12).T
    # Half a voxel: half of its diagonal, in the plane for RECIST.
    assert np.all(np.abs(long_axis) <= in_plane / 2)
    assert np.all(np.abs(diameter) <= voxel / 2)
    # The short axis is no maximum over many pairs of points: where it runs along the grid, a whole row of voxels
    # decides. It is right to half a voxel on the whole, and to a whole one always.
    assert np.mean(np.abs(short_axis) <= in_plane / 2) >= 0.9
    assert np.all(np.abs(short_axis) <= in_plane)


@pytest.mark.parametrize("kind", SPACINGS)
def test_no_bias(kind):
    long_axis, short_axis, diameter, in_plane, voxel = errors(SPACINGS[kind], [8.0, 14.0], 20).T
    assert abs(np.mean(long_axis / in_plane)) < 0.15
    assert abs(np.mean(short_axis / in_plane)) < 0.25
    assert abs(np.mean(diameter / voxel)) < 0.15


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 30.0, 90.0]))
def test_a_diameter_is_never_more_than_half_a_voxel_too_long(seed, angle):
    rng = np.random.default_rng(seed)
    spacing = rng.choice([0.5, 0.8, 1.0, 2.0], 3)
    ellipsoid, grid = random_ellipsoid(rng, rng.choice([4.0, 7.5, 12.0]), spacing)
    axes = Rotation.from_euler("z", angle, degrees=True).as_matrix()
    # On the grid and in the middle of a voxel too, where digitisation is at its worst.
    ellipsoid = Ellipsoid(ellipsoid.semi_axes, axes, grid.to_physical((np.array(grid.size) - 1) / 2))
    lesion = measure(ellipsoid.mask(grid))["lesions"][0]
    assert lesion["long_axis_mm"] <= ellipsoid.sections(grid)[:, 0].max() + 0.5 * spacing[:2].max() + 1e-6
    assert lesion["diameter_3d_mm"] <= 2 * ellipsoid.semi_axes.max() + 0.5 * spacing.max() + 1e-6


@pytest.mark.parametrize("kind", SPACINGS)
def test_volume(kind):
    rng = np.random.default_rng(3)
    for longest in (6.0, 12.0, 20.0):
        ellipsoid, grid = random_ellipsoid(rng, longest, SPACINGS[kind](rng))
        total = measure(ellipsoid.mask(grid))["total"]
        assert total["volume_ml"] == pytest.approx(ellipsoid.volume_ml, rel=0.05)


def test_slices_are_those_closest_to_the_superior_axis():
    # Stored sagittally: index axes run posterior, superior, left.
    direction = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    grid = Grid((61, 41, 61), (1.0, 1.5, 1.0), (0.0, 0.0, 0.0), direction)
    center = grid.to_physical((30, 20, 30))
    # Longest along the superior axis, which no axial slice shows.
    ellipsoid = Ellipsoid(np.array([9.0, 6.0, 24.5]), np.eye(3), center)
    lesion = measure(ellipsoid.mask(grid))["lesions"][0]
    assert (lesion["slice_axis"], lesion["slice_index"]) == ("j", 20)
    assert lesion["long_axis_mm"] == pytest.approx(18.0, abs=0.5)
    assert lesion["short_axis_mm"] == pytest.approx(12.0, abs=0.5)
    assert lesion["diameter_3d_mm"] == pytest.approx(49.0, abs=0.75)
    np.testing.assert_allclose(lesion["centroid_lps_mm"], center, atol=1e-9)
    heights = np.array(lesion["long_axis_points_lps_mm"] + lesion["short_axis_points_lps_mm"])[:, 2]
    np.testing.assert_allclose(heights, center[2], atol=1e-9)
