"""The lung region on phantoms: on any grid, with a collapsed lung, a couch, bowel gas, or no lungs at all."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.lungs.airspace import body_mask
from LungTumorSegLib.lungs.morphology import dilate, erode
from LungTumorSegLib.lungs.spine import mirrored, spine_axis
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.orientation import Orientation

SHAPE, SPACING = (50, 90, 120), 3.0  # zyx, mm
NO_PADDING = np.zeros(SHAPE, dtype=bool)


def thorax(collapsed_left: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """HU and lungs (zyx, canonical): body, two lungs, spine, trachea into open air above, bowel gas, a couch."""
    z, y, x = (
        np.arange(n)[:, None, None].reshape([-1 if a == k else 1 for a in range(3)]) for k, n in enumerate(SHAPE)
    )
    hu = np.full(SHAPE, -1000.0)
    body = ((x - 60) / 52) ** 2 + ((y - 40) / 34) ** 2 < 1
    hu[np.broadcast_to(body, SHAPE)] = 40
    lungs = np.zeros(SHAPE, dtype=bool)
    for centre in (38, 82):
        lungs |= ((x - centre) / 17) ** 2 + ((y - 40) / 24) ** 2 + ((z - 25) / 18.0) ** 2 < 1
    air = lungs.copy()
    if collapsed_left:
        air[:, :, 60:] = False
    hu[air] = -850
    hu[np.broadcast_to(((x - 60) ** 2 + (y - 62) ** 2 < 36), SHAPE)] = 400  # spine
    trachea = np.broadcast_to((x - 60) ** 2 + (y - 34) ** 2 < 9, SHAPE) & (np.broadcast_to(z, SHAPE) > 30)
    hu[trachea] = -1000  # reaches the top of the volume, as in a scan that takes in the neck
    hu[((x - 75) / 9) ** 2 + ((y - 30) / 9) ** 2 + ((z - 2) / 4.0) ** 2 < 1] = -1000  # stomach bubble
    hu[:, 80:82, 5:115] = 200  # couch
    return hu + np.random.default_rng(0).normal(0, 15, SHAPE), lungs


def on_grid(array: np.ndarray, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Volume:
    """Store a canonical array (zyx) with its axes permuted and flipped; every voxel keeps its place in the patient."""
    direction = np.zeros((3, 3))
    for k, axis in enumerate(axes):
        direction[k, axis] = -1 if flips[k] else 1
    orientation = Orientation(axes, flips)
    stored = np.ascontiguousarray(orientation.undo(array))
    grid = Grid(stored.shape[::-1], (SPACING,) * 3, (0, 0, 0), direction)
    assert Orientation.of(grid) == orientation
    return Volume(stored, grid)


def share(inside: np.ndarray, of: np.ndarray) -> float:
    return float((inside & of).sum() / of.sum())


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


@pytest.mark.parametrize(
    ("axes", "flips"), [((0, 1, 2), (False,) * 3), ((0, 1, 2), (True, True, False)), ((2, 0, 1), (False, True, True))]
)
def test_lungs_are_found_however_the_volume_is_stored(axes, flips):
    hu, lungs = thorax()
    ct, truth = on_grid(hu, axes, flips), on_grid(lungs, axes, flips)
    found = find_lungs(ct)
    assert found.lungs.shape == ct.array.shape
    assert dice(found.lungs, truth.array) > 0.93
    assert share(found.region, truth.array) > 0.999
    assert found.region.mean() < 0.45


def test_collapsed_lung_is_held_through_its_mirror_image():
    hu, lungs = thorax(collapsed_left=True)
    found = find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3))
    collapsed = lungs.copy()
    collapsed[:, :, :60] = False
    assert share(found.lungs, collapsed) < 0.05
    assert share(found.region, collapsed) > 0.97


def test_region_is_widened_by_a_ball_or_within_each_slice_by_a_disc():
    hu, _ = thorax()
    ct = on_grid(hu, (0, 1, 2), (False,) * 3)
    narrow, ball, disc = (find_lungs(ct, *how).region for how in ((0,), (12,), (12, True)))
    heights = [np.flatnonzero(region.any(axis=(1, 2))) for region in (narrow, ball, disc)]
    assert heights[1][0] == heights[0][0] - 12 / SPACING
    assert np.array_equal(heights[2], heights[0])
    widest = narrow.sum(axis=(1, 2)).argmax()
    columns = [np.flatnonzero(region[widest].any(axis=0)) for region in (narrow, disc)]
    assert columns[1][0] == columns[0][0] - 12 / SPACING
    for plane in heights[0]:
        assert np.array_equal(disc[plane], dilate(narrow[plane][None], 12, (SPACING,) * 3)[0])


def test_a_tumour_deep_in_the_only_lung_that_holds_air_is_held():
    hu, lungs = thorax(collapsed_left=True)
    tumour = lungs & (np.linalg.norm(np.indices(SHAPE).transpose(1, 2, 3, 0) - (25, 40, 36), axis=-1) < 9)
    hu[tumour] = 40
    found = find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3))
    assert found.lungs[tumour].all()
    assert found.region[tumour].all()


def test_couch_and_bowel_gas_are_no_lungs():
    hu, _ = thorax()
    found = find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3)).lungs
    assert not found[:, 76:].any()
    assert not found[:4].any()
    assert not body_mask(hu, NO_PADDING, (SPACING,) * 3)[:, 80:82].any()


def test_ct_without_lungs_is_refused():
    hu, lungs = thorax()
    hu[lungs] = 40
    with pytest.raises(InputError, match="no lungs were found"):
        find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3))


@pytest.mark.parametrize(
    ("y", "x"), [((0, 90), (23, 120)), ((0, 90), (23, 97)), ((20, 90), (0, 120))], ids=["left", "both sides", "front"]
)
def test_lungs_that_the_field_of_view_cuts_are_found(y, x):
    hu, lungs = thorax()
    cut = (slice(None), slice(*y), slice(*x))
    found = find_lungs(on_grid(hu[cut], (0, 1, 2), (False,) * 3))
    assert share(found.region, lungs[cut]) > 0.99
    assert dice(found.lungs, lungs[cut]) > 0.9


@pytest.mark.parametrize("filling", [-2000, -3024])
def test_lungs_that_the_scanners_circle_cuts_are_found(filling):
    hu, lungs = thorax()
    y, x = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[2]), indexing="ij")
    beyond = np.broadcast_to((x - 60) ** 2 + (y - 40) ** 2 > 36**2, SHAPE)
    hu[beyond] = filling
    found = find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3))
    assert share(found.region, lungs & ~beyond) > 0.99


@pytest.mark.parametrize("wall_mm", [6, 9])
def test_thin_chest_wall_holds_the_lung(wall_mm):
    hu, lungs = thorax()
    left = lungs.copy()
    left[:, :, :60] = False
    z, y, x = np.nonzero(left)
    for row in range(36, 45):  # a lateral window of thin wall, beyond which there is air
        for plane in range(20, 31):
            edge = x[(z == plane) & (y == row)].max()
            hu[plane, row, edge + 1 : edge + 1 + wall_mm // 3] = 40
            hu[plane, row, edge + 1 + wall_mm // 3 :] = -1000
    found = find_lungs(on_grid(hu, (0, 1, 2), (False,) * 3))
    assert share(found.region, lungs) > 0.99


def test_spine_axis_follows_a_patient_who_lies_askew():
    hu, lungs = thorax()
    shift = np.rint(np.linspace(0, 8, SHAPE[0])).astype(int)
    hu = np.stack([np.roll(plane, s, axis=1) for plane, s in zip(hu, shift, strict=True)])
    lungs = np.stack([np.roll(plane, s, axis=1) for plane, s in zip(lungs, shift, strict=True)])
    axis = spine_axis(hu, body_mask(hu, NO_PADDING, (SPACING,) * 3), lungs, SPACING)
    seen = lungs.any(axis=(1, 2))
    assert np.abs(axis - (60 + shift))[seen].max() < 2.5


def test_exponential_smoothing_starts_from_the_first_five_slices():
    """The formula by hand, on spines that jump."""
    positions = np.array([30, 32, 31, 33, 34, 40, 40, 40])
    hu = np.zeros((8, 40, 80))
    hu[:, 25:32] = np.where(np.abs(np.arange(80) - positions[:, None]) <= 1, 600, 0)[:, None, :]
    everywhere = np.ones_like(hu, dtype=bool)
    expected = [positions[:5].mean()]
    for measured in positions:
        expected.append(0.3 * measured + 0.7 * expected[-1])
    # The seven-sample average is flat over five samples; argmax takes the first of them.
    assert spine_axis(hu, everywhere, everywhere, 1.0) == pytest.approx(np.array(expected[1:]) - 2, abs=0.01)


def test_mirror_image_of_a_mirror_image_is_the_mask():
    rng = np.random.default_rng(0)
    mask = rng.random((4, 6, 21)) > 0.5
    assert np.array_equal(mirrored(mirrored(mask, np.full(4, 10.0)), np.full(4, 10.0)), mask)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.8, 1.1)])
def test_dilation_and_erosion_are_by_a_ball_in_mm(spacing):
    mask = np.zeros((15, 31, 25), dtype=bool)
    mask[7, 15, 12] = True
    offsets = np.meshgrid(
        *[(np.arange(n) - n // 2) * s for n, s in zip(mask.shape, spacing, strict=True)], indexing="ij"
    )
    ball = sum(o**2 for o in offsets) <= 4.5**2
    assert np.array_equal(dilate(mask, 4.5, spacing), ball)
    assert np.array_equal(erode(~mask, 4.5, spacing), ~ball)
