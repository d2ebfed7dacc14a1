"""Preparation is undone exactly, on any grid: turned, mirrored, permuted, anisotropic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from LungTumorSegLib.preparation import GridMap, PreparedCT, intensity_channels, prepare_ct
from LungTumorSegLib.recipe.schema import Preparation
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.orientation import Orientation

some = settings(max_examples=80, deadline=None)
spacings = st.tuples(*[st.floats(0.4, 5.0)] * 3)


def stored_as(volume: Volume, axes, flips) -> Volume:
    """Store the same physical volume with its index axes (xyz) permuted and then some of them reversed."""
    array = volume.array.transpose([2 - a for a in axes[::-1]])
    size = [volume.grid.size[a] for a in axes]
    corner = np.zeros(3)
    for k, a in enumerate(axes):
        corner[a] = size[k] - 1 if flips[k] else 0
    direction = volume.grid.direction[:, list(axes)] * np.where(flips, -1.0, 1.0)
    array = array[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips[::-1])]
    grid = Grid(size, [volume.grid.spacing[a] for a in axes], tuple(volume.grid.to_physical(corner)), direction)
    return Volume(np.ascontiguousarray(array), grid)


@st.composite
def grids(draw, least=1, most=12):
    """Make any grid: oblique, its axes in any order and sense, left-handed too."""
    size = draw(st.tuples(*[st.integers(least, most)] * 3))
    rotation = Rotation.from_euler("xyz", draw(st.tuples(*[st.floats(-180, 180)] * 3)), degrees=True).as_matrix()
    flips = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    origin = draw(st.tuples(*[st.floats(-500, 500)] * 3))
    return Grid(size, draw(spacings), origin, rotation * flips)


@st.composite
def boxes(draw, shape):
    """Draw a box (zyx slices) that holds at least one voxel."""
    box = []
    for n in shape:
        start = draw(st.integers(0, n - 1))
        box.append(slice(start, draw(st.integers(start + 1, n))))
    return tuple(box)


def noise(shape, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1024, 3072, shape).astype(np.int16)


# ---------------------------------------------------------------------------------------------- reorientation


@some
@given(grid=grids())
def test_reorientation_is_undone_bit_by_bit(grid):
    array = noise(grid.shape)
    orientation = Orientation.of(grid)
    assert np.array_equal(orientation.undo(orientation.apply(array)), array)
    assert np.array_equal(orientation.apply(orientation.undo(orientation.apply(array))), orientation.apply(array))


@some
@given(grid=grids(), data=st.data())
def test_reorientation_leaves_every_voxel_at_its_place_in_the_patient(grid, data):
    orientation = Orientation.of(grid)
    canonical = orientation.apply_to_grid(grid)
    index = data.draw(st.tuples(*[st.integers(0, n - 1) for n in grid.shape]))
    marked = np.zeros(grid.shape, bool)
    marked[index] = True
    turned = orientation.apply(marked)
    assert turned.shape == canonical.shape
    found = np.argwhere(turned)[0]
    assert np.allclose(canonical.to_physical(found[::-1]), grid.to_physical(index[::-1]), atol=1e-6)


@some
@given(grid=grids())
def test_canonical_axes_run_left_posterior_superior(grid):
    direction = Orientation.of(grid).apply_to_grid(grid).direction
    assert np.all(np.diag(direction) >= 0)
    # No other order of the axes would lie closer to the patient's.
    trace = np.trace(direction)
    for order in ([0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
        assert np.abs(direction[range(3), order]).sum() <= trace + 1e-9


# ---------------------------------------------------------------------------------------------- crop


@some
@given(grid=grids(), data=st.data())
def test_crop_is_undone_bit_by_bit_with_zeros_around(grid, data):
    array = noise(grid.shape) | 1  # no voxel is 0
    canonical_shape = Orientation.of(grid).apply(array).shape
    box = data.draw(boxes(canonical_shape))
    grid_map = GridMap.plan(grid, box=box)
    cropped = grid_map.crop(array)
    whole = grid_map.embed(cropped)
    assert whole.shape == grid.shape
    assert whole.dtype == array.dtype
    inside = whole != 0
    assert inside.sum() == cropped.size
    assert np.array_equal(whole[inside], array[inside])
    assert np.array_equal(grid_map.crop(whole), cropped)


@some
@given(grid=grids(), data=st.data())
def test_at_the_own_spacing_preparation_changes_no_bit(grid, data):
    labels = np.random.default_rng(1).integers(0, 3, grid.shape).astype(np.uint8)
    canonical = Orientation.of(grid).apply_to_grid(grid)
    box = data.draw(boxes(canonical.shape))
    for spacing in (None, canonical.spacing):
        grid_map = GridMap.plan(grid, spacing, box)
        prepared = grid_map.forward(labels)
        assert prepared.shape == grid_map.target.shape
        assert np.array_equal(prepared, grid_map.crop(labels))
        back = grid_map.embed(grid_map.backward(prepared).astype(np.uint8))
        assert np.array_equal(grid_map.crop(back), grid_map.crop(labels))
        assert (back != 0).sum() == (grid_map.crop(labels) != 0).sum()


# ---------------------------------------------------------------------------------------------- resampling


@some
@given(grid=grids(), spacing=spacings, margin_mm=st.sampled_from([0.0, 3.0]), data=st.data())
def test_a_part_comes_back_as_it_does_in_the_whole(grid, spacing, margin_mm, data):
    """Also a part that lies between two slices of a coarser CT, which take nothing of it."""
    grid_map = GridMap.plan(grid, spacing)
    part = data.draw(boxes(grid_map.target.shape))
    values = np.zeros(grid_map.target.shape, np.float32)
    values[part] = np.random.default_rng(2).random(values[part].shape) + 0.5
    whole = grid_map.backward(values)
    to = grid_map.reached(part, margin_mm)
    back = np.zeros_like(whole)
    back[to] = grid_map.backward_part(values[part], part, to)
    assert np.allclose(back, whole, atol=1e-5)
    assert len({side.stop == 0 for side in to}) == 1, "reached along all axes or along none"
    assert grid_map.reached((slice(0, 0),) * 3, margin_mm) == (slice(0, 0),) * 3


def positions(grid: Grid) -> np.ndarray:
    """Physical position of each voxel, LPS mm: (z, y, x, 3)."""
    return grid.to_physical(np.moveaxis(np.indices(grid.shape), 0, -1)[..., ::-1])


@some
@given(
    grid=grids(least=8, most=16),
    ratios=st.tuples(*[st.floats(0.4, 2.5)] * 3),
    slope=st.tuples(*[st.floats(-1, 1)] * 3),
    data=st.data(),
)
def test_what_is_linear_in_space_is_linear_on_every_grid(grid, ratios, slope, data):
    """Resampling forth and back moves nothing, not even by a part of a voxel: this sees any half-voxel error."""
    canonical = Orientation.of(grid).apply_to_grid(grid)
    box = tuple(slice(data.draw(st.integers(0, 2)), n - data.draw(st.integers(0, 2))) for n in canonical.shape)
    spacing = tuple(s * r for s, r in zip(canonical.spacing, ratios, strict=True))
    grid_map = GridMap.plan(grid, spacing, box)

    centre = grid.to_physical(np.array(grid.size) / 2)

    def linear(g: Grid) -> np.ndarray:
        return (positions(g) - centre) @ np.array(slope) + 7

    # A sample is away from the ends where what it averages (forward), or its neighbours (back), lie in the volume.
    scale = np.abs(linear(grid)).max() + 1
    reach = [max(1.0, r) for r in ratios[::-1]]
    lengths = [part.stop - part.start for part in box]
    target = [(np.arange(n) + 0.5) * r - 0.5 for n, r in zip(grid_map.target.shape, ratios[::-1], strict=True)]
    good = [(t - w >= -1e-9) & (t + w <= n - 1 + 1e-9) for t, w, n in zip(target, reach, lengths, strict=True)]
    prepared = grid_map.forward(linear(grid).astype(np.float32))
    expected = linear(grid_map.target)
    assert prepared.shape == expected.shape
    assert np.allclose(prepared[np.ix_(*good)], expected[np.ix_(*good)], atol=2e-5 * scale)

    back = grid_map.backward(prepared)
    expected = grid_map.crop(linear(grid))
    assert back.shape == expected.shape
    good_back = []
    for t, g, n in zip(target, good, lengths, strict=True):
        ends = t[g]
        fine = np.arange(n)
        good_back.append((fine >= ends.min()) & (fine <= ends.max()) if ends.size else np.zeros(n, bool))
    assert np.allclose(back[np.ix_(*good_back)], expected[np.ix_(*good_back)], atol=4e-5 * scale)


@some
@given(grid=grids(least=10, most=16), ratios=st.tuples(*[st.floats(0.4, 2.0)] * 3), data=st.data())
def test_a_landmark_stays_at_its_place_in_the_patient(grid, ratios, data):
    """The centre of mass of one bright voxel, in mm, forth and back."""
    canonical = Orientation.of(grid).apply_to_grid(grid)
    spacing = tuple(s * r for s, r in zip(canonical.spacing, ratios, strict=True))
    grid_map = GridMap.plan(grid, spacing)
    index = data.draw(st.tuples(*[st.integers(4, n - 5) for n in grid.shape]))
    marked = np.zeros(grid.shape, np.float32)
    marked[index] = 1000
    place = grid.to_physical(index[::-1])
    prepared = grid_map.forward(marked)
    back = grid_map.embed(grid_map.backward(prepared))
    coarsest = max(*spacing, *canonical.spacing)
    for array, on in ((prepared, grid_map.target), (back, grid)):
        centre = (positions(on) * array[..., None]).sum((0, 1, 2)) / array.sum()
        # A point between coarse voxels is seen by them at their own places only: within half a voxel.
        assert np.linalg.norm(centre - place) <= 0.5 * np.sqrt(3) * coarsest


@some
@given(grid=grids(least=2), spacing=spacings)
def test_prepared_grid_covers_the_box_from_its_corner(grid, spacing):
    canonical = Orientation.of(grid).apply_to_grid(grid)
    target = GridMap.plan(grid, spacing).target
    assert np.allclose(target.spacing, spacing)
    assert np.allclose(target.direction, canonical.direction)
    corner = np.full(3, -0.5)
    assert np.allclose(target.to_physical(corner), canonical.to_physical(corner), atol=1e-6)
    extent = np.array(target.size) * target.spacing - np.array(canonical.size) * canonical.spacing
    assert np.all(extent > -1e-4)
    assert np.all((extent < np.array(spacing)) | (np.array(target.size) == 1))


@some
@given(value=st.floats(-2000, 3000), grid=grids(), spacing=spacings)
def test_a_uniform_volume_stays_uniform(value, grid, spacing):
    grid_map = GridMap.plan(grid, spacing)
    array = np.full(grid.shape, value, np.float32)
    prepared = grid_map.forward(array)
    assert np.allclose(prepared, value, rtol=1e-5, atol=1e-4)
    assert np.allclose(grid_map.backward(prepared), value, rtol=1e-5, atol=1e-4)


# ---------------------------------------------------------------------------------------------- storage


@some
@given(
    size=st.tuples(*[st.integers(2, 12)] * 3),
    spacing=spacings,
    wanted=spacings,
    angles=st.tuples(*[st.floats(-25, 25)] * 3),
    axes=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
)
def test_preparation_does_not_depend_on_how_the_volume_is_stored(size, spacing, wanted, angles, axes, flips):
    direction = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    volume = Volume(noise(size[::-1]), Grid(size, spacing, (-120.0, 80.0, 40.0), direction))
    other = stored_as(volume, axes, flips)
    one, two = GridMap.plan(volume.grid, wanted), GridMap.plan(other.grid, wanted)
    assert one.target.same_as(two.target, 1e-6)
    assert np.array_equal(one.forward(volume.array), two.forward(other.array))
    prepared = noise(one.target.shape, seed=1)
    back, other_back = one.embed(one.backward(prepared)), two.embed(two.backward(prepared))
    assert np.array_equal(stored_as(volume.with_array(back), axes, flips).array, other_back)


@pytest.fixture(scope="module")
def thorax() -> Volume:
    """Two lungs in a body on a couch, coarse: enough for the lung region to be found."""
    spacing = (4.0, 4.0, 6.0)
    grid = Grid((96, 80, 48), spacing, (-192.0, -160.0, -144.0))
    x, y, z = np.moveaxis(positions(grid), -1, 0)

    def ellipsoid(centre, radii):
        return sum(((a - c) / r) ** 2 for a, c, r in zip((x, y, z), centre, radii, strict=True)) <= 1

    hu = np.full(grid.shape, -1000.0)
    hu[((x / 160) ** 2 + (y / 110) ** 2) <= 1] = 40
    for side in (-1, 1):
        hu[ellipsoid((side * 75, -5, 0), (50, 75, 110))] = -850
    hu[((x / 14) ** 2 + ((y - 70) / 14) ** 2) <= 1] = 400  # spine
    hu[ellipsoid((75, 20, 30), (14, 14, 14))] = 50  # a tumour
    hu += np.random.default_rng(0).normal(0, 15, hu.shape)
    return Volume(hu.round().astype(np.int16), grid)


def region_on_input(prepared: PreparedCT) -> np.ndarray:
    """The region on the whole input grid (bool, zyx as stored)."""
    grid_map = prepared.grid_map
    return grid_map.embed(prepared.located.on_part(grid_map.box))


@pytest.mark.parametrize(
    ("axes", "flips"),
    [((0, 1, 2), (True, True, False)), ((2, 0, 1), (False, True, True)), ((1, 0, 2), (False, False, True))],
)
def test_lung_region_and_prepared_ct_do_not_depend_on_how_the_volume_is_stored(thorax, axes, flips):
    recipe = Preparation(region="lungs", region_margin_mm=20, spacing_mm=(5, 5, 5))
    other = stored_as(thorax, axes, flips)
    one, two = prepare_ct(thorax, recipe), prepare_ct(other, recipe)
    assert one.region.any()
    assert not one.region.all()
    assert np.array_equal(one.hu, two.hu)
    assert np.array_equal(one.region, two.region)
    region = thorax.with_array(region_on_input(one))
    assert np.array_equal(stored_as(region, axes, flips).array, region_on_input(two))
    assert one.grid_map.target.same_as(two.grid_map.target, 1e-6)


def test_prepared_region_lies_in_the_box_with_its_margin(thorax):
    recipe = Preparation(region="lungs", region_margin_mm=20, spacing_mm=None)
    prepared = prepare_ct(thorax, recipe)
    on_input = region_on_input(prepared)
    assert np.array_equal(prepared.grid_map.embed(prepared.region), on_input)
    for axis, step in enumerate(thorax.grid.spacing[::-1]):
        filled = np.flatnonzero(on_input.any(axis=tuple(a for a in range(3) if a != axis)))
        part, n = prepared.grid_map.box[axis], thorax.array.shape[axis]
        assert part.start == 0 or (filled[0] - part.start) * step >= 20
        assert part.stop == n or (part.stop - 1 - filled[-1]) * step >= 20


# ---------------------------------------------------------------------------------------------- intensity


def test_intensity_windows_are_mapped_to_minus_one_and_one():
    hu = np.array([[[-2000, -1000, -300, 400, 3000]]], np.int16)
    lung, soft = intensity_channels(hu, [(-1000, 400), (-160, 240)])
    assert lung.dtype == np.float32
    assert np.allclose(lung, [[[-1, -1, 0, 1, 1]]])
    assert np.allclose(soft, [[[-1, -1, -1, 1, 1]]])
    assert np.array_equal(intensity_channels(hu.astype(np.float32), [(-1000, 400)])[0], lung)


# ---------------------------------------------------------------------------------------------- parts of the input


@some
@given(grid=grids(), data=st.data())
def test_a_part_in_the_inputs_own_axis_order_lies_where_it_is_embedded(grid, data):
    canonical = Orientation.of(grid).apply_to_grid(grid)
    grid_map = GridMap.plan(grid, box=data.draw(boxes(canonical.shape)))
    part = noise(grid_map.target.shape) | 1
    restored, box = grid_map.restore(part)
    whole = np.zeros(grid.shape, part.dtype)
    whole[box] = restored
    assert np.array_equal(whole, grid_map.embed(part))


@some
@given(grid=grids(), spacing=spacings, data=st.data())
def test_labels_go_back_to_the_voxels_that_they_are_nearest_to(grid, spacing, data):
    canonical = Orientation.of(grid).apply_to_grid(grid)
    grid_map = GridMap.plan(grid, spacing, data.draw(boxes(canonical.shape)))
    box = data.draw(boxes(grid_map.target.shape))
    numbers = np.arange(1, np.prod(grid_map.target.shape) + 1).reshape(grid_map.target.shape)
    labels, covered = grid_map.backward_labels(numbers[box], box)
    whole = np.zeros(grid.shape, int)
    whole[covered] = labels

    places = positions(grid_map.target).reshape(-1, 3)
    apart = np.linalg.norm(positions(grid)[..., None, :] - places, axis=-1)
    looked_at = grid_map.embed(np.ones(grid_map.crop(whole).shape, bool))
    in_box = np.zeros(grid_map.target.shape, bool)
    in_box[box] = True
    found = whole > 0
    assert not (found & ~looked_at).any()
    chosen = np.take_along_axis(apart, np.maximum(whole - 1, 0)[..., None], axis=-1)[..., 0]
    assert (chosen[found] <= apart.min(axis=-1)[found] + 1e-6).all()
    clearly = apart.min(axis=-1) + 1e-6 < np.where(in_box.ravel(), np.inf, apart).min(axis=-1)
    assert found[looked_at & clearly].all()  # nearest to the box, and in it


def test_windows_are_normalised_after_they_are_clipped():
    hu = np.array([[[-1000, -100, 0, 50, 200, 900]]], dtype=np.int16)
    (channel,) = intensity_channels(hu, [(-100, 200)], [(50.0, 25.0)])
    assert channel.dtype == np.float32
    assert channel.ravel().tolist() == [-6, -6, -2, 0, 6, 6]
    assert np.array_equal(intensity_channels(hu.astype(np.float32), [(-100, 200)], [(50.0, 25.0)])[0], channel)


@some
@given(grids(least=2), st.tuples(*[st.none() | st.floats(0.5, 5.0)] * 3))
def test_an_axis_whose_spacing_is_none_keeps_the_inputs_voxels(grid, spacing):
    canonical = Orientation.of(grid).apply_to_grid(grid)
    target = GridMap.plan(grid, spacing).target
    for asked, own, size, kept, voxels in zip(
        spacing, canonical.spacing, canonical.size, target.spacing, target.size, strict=True
    ):
        assert kept == pytest.approx(own if asked is None else asked)
        assert asked is not None or voxels == size
