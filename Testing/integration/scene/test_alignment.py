"""Grids on one lattice: shifted, joined, and never mistaken for one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from LungTumorSegLib.scene.alignment import resample
from LungTumorSegLib.volume import Grid
from LungTumorSegLib.volume.lattices import offset_on, place, turned, union
from support.scenes import mask_points
from support.volumes import grids, masks

shifts = st.tuples(*[st.integers(-20, 20)] * 3)


@given(grids(), shifts, st.integers(1, 9))
def test_a_shift_by_whole_voxels_is_found(grid, shift, n):
    other = replace(grid, size=(n, n, n), origin=tuple(grid.to_physical(shift)))
    assert offset_on(grid, other) == shift


@given(grids(), shifts, st.integers(0, 2), st.floats(0.05, 0.95))
def test_a_shift_by_part_of_a_voxel_is_another_lattice(grid, shift, axis, part):
    aside = np.array(shift, float)
    aside[axis] += part
    assert offset_on(grid, replace(grid, origin=tuple(grid.to_physical(aside)))) is None


@given(grids(), st.integers(0, 2))
def test_another_spacing_or_flip_is_another_lattice(grid, axis):
    spacing = np.array(grid.spacing)
    spacing[axis] *= 1.5
    flip = np.ones(3)
    flip[axis] = -1
    assert offset_on(grid, replace(grid, spacing=tuple(spacing))) is None
    assert offset_on(grid, replace(grid, direction=grid.direction * flip)) is None


@given(masks(labels=1), shifts)
def test_placed_on_the_union_every_voxel_stays_where_it_was(mask, shift):
    other = replace(mask.grid, origin=tuple(mask.grid.to_physical(shift)))
    both = union(other, mask.grid)
    assert offset_on(both, other) is not None
    placed = place(mask, both)
    np.testing.assert_allclose(mask_points(placed), mask_points(mask), atol=1e-6)
    assert both.size == tuple(n + abs(s) for n, s in zip(mask.grid.size, shift, strict=True))


@given(masks(labels=1), shifts)
def test_resampling_to_the_same_lattice_changes_nothing(mask, shift):
    lattice = replace(mask.grid, size=(3, 3, 3), origin=tuple(mask.grid.to_physical(shift)))
    np.testing.assert_allclose(mask_points(resample(mask, lattice)), mask_points(mask), atol=1e-6)


@given(grids(), masks(labels=1))
def test_resampling_takes_the_nearest_voxel(lattice, mask):
    """Every resampled voxel of 1 lies in a voxel of 1 of the original."""
    points = mask_points(resample(mask, lattice)) * (-1, -1, 1)
    index = mask.grid.to_index(points)
    nearest = np.clip(np.round(index), 0, np.array(mask.grid.size) - 1).astype(int)
    on_the_edge = (np.abs(np.abs(index - np.round(index)) - 0.5) < 1e-6).any(axis=1)
    values = mask.array[nearest[:, 2], nearest[:, 1], nearest[:, 0]]
    assert ((values > 0) | on_the_edge).all()
    assert (np.abs(index - nearest) <= 0.5 + 1e-6).all()


@given(masks(), st.permutations([0, 1, 2]), st.tuples(*[st.booleans()] * 3))
def test_turning_axes_moves_no_voxel(mask, axes, flips):
    lattice = turn_grid(mask.grid, axes, flips)
    seen = turned(mask, lattice)
    np.testing.assert_allclose(mask_points(seen), mask_points(mask), atol=1e-6)
    assert offset_on(lattice, seen.grid) is not None
    np.testing.assert_allclose(turned(seen, mask.grid).array, mask.array)


def turn_grid(grid: Grid, axes, flips) -> Grid:
    """The same voxels with their axes in another order and sense."""
    signs = np.where(flips, -1.0, 1.0)
    corner = np.zeros(3)
    for k, axis in enumerate(axes):
        corner[axis] = grid.size[axis] - 1 if flips[k] else 0
    size, spacing = ([values[axis] for axis in axes] for values in (grid.size, grid.spacing))
    return Grid(size, spacing, tuple(grid.to_physical(corner)), grid.direction[:, list(axes)] * signs)
