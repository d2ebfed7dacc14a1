"""Flip, rotation, zoom, shift and elastic deformation: in closed form, and image and label together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from LungTumorSegLib.recipe.schema import Augmentation
from LungTumorSegLib.training.data.cases import IGNORED
from LungTumorSegLib.training.patches.augmentation import Deformation, augment, draw_deformation
from LungTumorSegLib.training.patches.augmentation.splines import INJECTIVE, random_displacement, spline_weights
from LungTumorSegLib.training.patches.patch import Patch

CUBE = (33, 33, 33)
NO_SHIFT = np.zeros(3)
ALL = Augmentation(
    flip_other_axes=0.5,
    affine_probability=1,
    rotation_degrees=20,
    zoom=0.2,
    translation=0.1,
    elastic_probability=1,
    elastic_mm=4,
)


def ball(shape, centre, radius):
    z, y, x = np.indices(shape)
    return (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2


def patch_of(mask):
    return Patch(np.where(mask, 100.0, -1000.0).astype(np.float32), mask.astype(np.uint8))


def grown(deformation):
    return tuple(n + 2 * m for n, m in zip(deformation.shape, deformation.margin, strict=True))


def test_quarter_turn_moves_a_known_voxel():
    mask = np.zeros(CUBE, bool)
    mask[16, 16, 26] = True  # ten voxels along x from the centre
    turn = Rotation.from_rotvec([np.pi / 2, 0, 0]).as_matrix()  # about z; components are zyx
    result = Deformation(CUBE, turn, NO_SHIFT).apply(patch_of(mask))
    # The voxel that comes from offset (0, 0, 10) is the one that the matrix takes there.
    place = np.rint(turn.T @ [0, 0, 10]).astype(int) + 16
    assert np.argwhere(result.label).tolist() == [place.tolist()]
    assert abs(place[1] - 16) == 10
    assert np.unravel_index(result.hu.argmax(), CUBE) == tuple(place)


def test_shift_moves_by_whole_voxels_exactly():
    hu = np.random.default_rng(0).normal(size=CUBE).astype(np.float32)
    source = Patch(hu, (hu > 1).astype(np.uint8))
    result = Deformation(CUBE, np.eye(3), np.array([0.0, 3.0, -2.0])).apply(source)
    np.testing.assert_allclose(result.hu[:, :-3, 2:], hu[:, 3:, :-2], atol=1e-4)
    assert np.array_equal(result.label[:, :-3, 2:], source.label[:, 3:, :-2])


@pytest.mark.parametrize("zoom", [0.8, 1.25])
def test_zoom_changes_the_volume_by_its_cube(zoom):
    mask = ball(CUBE, (16, 16, 16), 8)
    result = Deformation(CUBE, np.eye(3) / zoom, NO_SHIFT).apply(patch_of(mask))
    assert result.label.sum() / mask.sum() == pytest.approx(zoom**3, rel=0.04)
    assert (result.hu > -450).sum() / mask.sum() == pytest.approx(zoom**3, rel=0.04)


def test_drawn_zoom_enlarges_at_most_as_much_as_the_recipe_says():
    settings = Augmentation(affine_probability=1, zoom=0.25)
    zooms = [
        1 / draw_deformation(CUBE, (1, 1, 1), settings, np.random.default_rng(i)).matrix[0, 0] for i in range(300)
    ]
    assert 0.75 <= min(zooms) < 0.8
    assert 1.2 < max(zooms) <= 1.25


def test_rotation_turns_millimetres():
    settings = Augmentation(affine_probability=1, rotation_degrees=30)
    spacing = np.array([2.5, 0.8, 0.8])
    for seed in range(10):
        matrix = draw_deformation(CUBE, spacing, settings, np.random.default_rng(seed)).matrix
        in_mm = matrix * spacing[:, None] / spacing
        np.testing.assert_allclose(in_mm @ in_mm.T, np.eye(3), atol=1e-12)
        assert np.rad2deg(Rotation.from_matrix(in_mm).magnitude()) <= 30


def test_slice_turns_within_its_plane():
    for seed in range(10):
        deformation = draw_deformation((1, 32, 32), (5, 1, 1), ALL, np.random.default_rng(seed))
        np.testing.assert_array_equal(deformation.matrix[0], [1, 0, 0])
        np.testing.assert_allclose(deformation.matrix[1:, 0], 0, atol=1e-12)
        assert deformation.matrix[1, 2] != 0
        assert deformation.margin[0] == 0
        assert deformation.shift[0] == 0


@pytest.mark.parametrize("seed", range(6))
def test_image_and_label_stay_together(seed):
    deformation = draw_deformation(CUBE, (1.5, 1, 1), ALL, np.random.default_rng(seed))
    shape = np.array(grown(deformation))
    mask = ball(shape, shape // 2 - [2, 3, -4], 8)
    result = deformation.apply(patch_of(mask))
    bright = result.hu > -450
    assert result.label.any()
    # The two borders differ by interpolation alone: by no voxel farther than the outermost layer.
    assert (bright != (result.label == 1)).sum() < 0.12 * result.label.sum()


@pytest.mark.parametrize("seed", range(6))
def test_margin_is_what_the_patch_needs_and_no_more(seed):
    deformation = draw_deformation(CUBE, (1.5, 1, 1), ALL, np.random.default_rng(seed))
    shape = grown(deformation)
    # Source coordinates: interpolation is exact for these, up to the ends, which would be repeated.
    for axis, (size, margin) in enumerate(zip(shape, deformation.margin, strict=True)):
        ramp = np.indices(shape, dtype=np.float32)[axis]
        taken = deformation.apply(Patch(ramp, np.zeros(shape, np.uint8))).hu
        z, y, x = (np.arange(n) - (n - 1) / 2 for n in CUBE)
        a, b, c = deformation.matrix[axis]
        expected = a * z[:, None, None] + b * y[:, None] + c * x + deformation.shift[axis]
        expected = expected + deformation.displacement[axis] + (size - 1) / 2
        view = tuple(slice(None, None, -1 if flip else 1) for flip in deformation.flips)
        np.testing.assert_allclose(taken, expected[view], atol=2e-3)
        assert margin == 0 or taken.max() > size - 1 - 0.5 * margin - 2 or taken.min() < 0.5 * margin + 2


def test_flips_alone_are_exact_and_need_no_margin():
    settings = Augmentation(flip_left_right=1, flip_other_axes=1)
    deformation = draw_deformation(CUBE, (1, 1, 1), settings, np.random.default_rng(0))
    assert deformation.margin == (0, 0, 0)
    hu = np.random.default_rng(0).normal(size=CUBE).astype(np.float32)
    result = deformation.apply(Patch(hu, (hu > 0).astype(np.uint8)))
    assert np.array_equal(result.hu, hu[::-1, ::-1, ::-1])
    assert np.array_equal(result.label, hu[::-1, ::-1, ::-1] > 0)


def test_labels_are_those_that_were_there():
    for seed in range(6):
        deformation = draw_deformation(CUBE, (1, 1, 1), ALL, np.random.default_rng(seed))
        shape = grown(deformation)
        label = np.random.default_rng(seed).choice(np.array([0, 2, IGNORED], np.uint8), size=shape)
        result = deformation.apply(Patch(np.zeros(shape, np.float32), label))
        assert result.label.dtype == np.uint8
        assert set(np.unique(result.label)) == {0, 2, IGNORED}


@pytest.mark.parametrize("seed", range(20))
def test_a_small_label_is_found_wherever_it_comes_to_lie(seed):
    rng = np.random.default_rng(seed)
    deformation = draw_deformation(CUBE, (1.5, 1, 1), ALL, rng)
    label = np.zeros(grown(deformation), np.uint8)
    corner = rng.integers(0, np.array(label.shape) - 4)
    label[tuple(slice(c, c + 4) for c in corner)] = 1
    result = deformation.apply(Patch(np.zeros(label.shape, np.float32), label))
    # With a label in every voxel the whole patch is looked up.
    everywhere = deformation.apply(Patch(np.zeros(label.shape, np.float32), label + 1))
    assert np.array_equal(result.label + 1, everywhere.label)


def test_threads_share_the_sampling_without_changing_it():
    before = torch.get_num_threads()
    rng = np.random.default_rng(5)
    for shape in [(12, 20, 20), (7, 20, 20), (1, 20, 20)]:
        drawn = draw_deformation(shape, (1.0, 1.0, 1.0), ALL, rng)
        source = Patch(
            rng.normal(size=grown(drawn)).astype(np.float32), rng.integers(0, 3, size=grown(drawn)).astype(np.uint8)
        )
        results = []
        try:
            for threads in (1, 2, 5):
                torch.set_num_threads(threads)
                results.append(drawn.apply(source))
        finally:
            torch.set_num_threads(before)
        for other in results[1:]:
            assert np.array_equal(other.hu, results[0].hu)
            assert np.array_equal(other.label, results[0].label)


def test_splines_share_the_whole_among_control_points():
    weights = spline_weights(40, 7.3)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    # Cubic B-splines reproduce straight lines: control points at their own places give the place back.
    places = (np.arange(weights.shape[1]) - 1) * 7.3
    np.testing.assert_allclose(weights @ places, np.arange(40), atol=1e-4)


def test_elastic_deformation_folds_nothing_over():
    field = random_displacement((40, 40, 40), (1, 1, 1), 50.0, 12.0, np.random.default_rng(0))
    assert np.abs(field).max() <= 12 * INJECTIVE
    jacobian = np.stack([np.stack(np.gradient(component)) for component in field]).transpose(2, 3, 4, 0, 1) + np.eye(3)
    assert np.linalg.det(jacobian).min() > 0


def test_elastic_deformation_has_the_stated_size_in_millimetres():
    fields = [
        random_displacement((24, 24, 24), (3, 1, 1), 2.0, 12.0, np.random.default_rng(seed)) for seed in range(30)
    ]
    in_mm = np.stack(fields) * np.reshape([3, 1, 1], (3, 1, 1, 1))
    deviations = in_mm.std(axis=(0, 2, 3, 4))
    # A B-spline averages its control points: the deviation is less than theirs, and alike along each axis.
    assert deviations.min() > 0.6
    assert deviations.max() < 2.0
    assert deviations.max() / deviations.min() < 1.3


def test_patch_is_taken_with_what_surrounds_it():
    settings = Augmentation(affine_probability=1, rotation_degrees=45, zoom=0.3)
    asked = []

    def draw(margin):
        asked.append(margin)
        shape = tuple(n + 2 * m for n, m in zip(CUBE, margin, strict=True))
        return Patch(np.full(shape, -700, np.float32), np.zeros(shape, np.uint8))

    for seed in range(8):
        result = augment(draw, CUBE, (1, 1, 1), settings, np.random.default_rng(seed))
        assert result.hu.shape == CUBE
        np.testing.assert_allclose(result.hu, -700, atol=1e-2)
    assert max(max(margin) for margin in asked) > 5


def test_one_generator_gives_one_result():
    hu = np.random.default_rng(0).normal(size=(60, 60, 60)).astype(np.float32)

    def draw(margin):
        part = hu[tuple(slice(0, n + 2 * m) for n, m in zip(CUBE, margin, strict=True))]
        return Patch(part, (part > 0).astype(np.uint8))

    one, same, other = (augment(draw, CUBE, (1, 1, 1), ALL, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one.hu, same.hu)
    assert np.array_equal(one.label, same.label)
    assert not np.array_equal(one.hu, other.hu)
