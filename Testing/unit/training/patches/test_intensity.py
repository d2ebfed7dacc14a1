"""Contrast, gamma, noise, cut-out and lost resolution: each does what it says, and nothing when it is off."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.recipe.schema import Augmentation
from LungTumorSegLib.training.patches.augmentation import augment, vary_intensities
from LungTumorSegLib.training.patches.augmentation.intensity import change_contrast, change_gamma, cut_out
from LungTumorSegLib.training.patches.augmentation.noise import random_noise
from LungTumorSegLib.training.patches.augmentation.resolution import (
    down_and_up_matrix,
    gaussian_matrix,
    lower_resolution,
)
from LungTumorSegLib.training.patches.patch import Patch

SHAPE = (24, 32, 40)
NEVER = {name: 0 for name in Augmentation.model_fields if "flip" in name or name.endswith("probability")}
STRONG = {
    "rotation_degrees": 30,
    "zoom": 0.3,
    "translation": 0.2,
    "elastic_mm": 5,
    "blur_sigma_voxels": 2,
    "low_resolution_factor": 3,
    "thick_slices_factor": 4,
    "contrast": 0.5,
    "gamma": 1,
    "scale": 0.3,
    "shift_hu": 100,
    "noise_hu": 50,
    "noise_correlation_voxels": 2,
    "cutout_share": 0.5,
}


@pytest.fixture
def hu():
    return np.random.default_rng(0).normal(-600, 200, SHAPE).astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_nothing_changes_where_every_probability_is_zero(hu):
    settings = Augmentation(**NEVER, **STRONG)
    label = (hu > -500).astype(np.uint8)
    for seed in range(5):
        result = augment(lambda _: Patch(hu.copy(), label), SHAPE, (1, 1, 1), settings, rng(seed))
        assert np.array_equal(result.hu, hu)
        assert np.array_equal(result.label, label)


@pytest.mark.parametrize("name", [name for name in NEVER if "flip" not in name])
def test_each_probability_switches_its_own_change(hu, name):
    settings = Augmentation(**NEVER | STRONG | {name: 1})
    label = (hu > -500).astype(np.uint8)

    def draw(margin):
        around = [(m, m) for m in margin]
        return Patch(np.pad(hu, around, mode="reflect"), np.pad(label, around, mode="reflect"))

    result = augment(draw, SHAPE, (1, 1, 1), settings, rng())
    assert not np.array_equal(result.hu, hu)
    assert np.array_equal(result.label, label) == (name not in ("affine_probability", "elastic_probability"))
    assert result.hu.dtype == np.float32


def test_contrast_scales_about_the_mean_within_the_range(hu):
    low, high, mean, deviation = hu.min(), hu.max(), hu.mean(), hu.std()
    lower, higher = hu.copy(), hu.copy()
    change_contrast(lower, 0.5)
    change_contrast(higher, 1.5)
    assert lower.mean() == pytest.approx(mean, abs=0.1)
    assert lower.std() == pytest.approx(deviation / 2, rel=1e-3)
    assert higher.std() > deviation
    assert (higher.min(), higher.max()) == (low, high)


def test_gamma_keeps_mean_deviation_and_order(hu):
    changed = hu.copy()
    change_gamma(changed, 2.0)
    assert changed.mean() == pytest.approx(hu.mean(), abs=0.5)
    assert changed.std() == pytest.approx(hu.std(), rel=1e-3)
    order = np.argsort(hu, axis=None)
    assert (np.diff(changed.ravel()[order]) >= -1e-3).all()
    # Squaring what lies in 0..1 draws the dark together and the bright apart.
    assert np.median(changed) < np.median(hu)


def test_gamma_leaves_a_flat_patch_alone():
    flat = np.full(SHAPE, -1000, np.float32)
    change_gamma(flat, 2.0)
    assert (flat == -1000).all()


def test_scale_and_shift_stay_within_the_recipe(hu):
    for seed in range(20):
        only_shift = vary_intensities(hu.copy(), Augmentation(shift_hu=30), rng(seed)) - hu
        assert np.ptp(only_shift) < 1e-3
        assert abs(only_shift.mean()) <= 30
        only_scale = vary_intensities(hu.copy(), Augmentation(scale=0.1), rng(seed)) / hu
        assert np.ptp(only_scale) < 1e-4
        assert 0.9 <= only_scale.mean() <= 1.1


@pytest.mark.parametrize("correlation", [0.0, 1.0, 2.5])
def test_noise_has_its_deviation_and_correlation(correlation):
    noise = random_noise((64, 64, 64), 20.0, correlation, rng())
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(20, rel=0.05)
    assert noise.mean() == pytest.approx(0, abs=1.5)
    assert noise[0].std() == pytest.approx(20, rel=0.2)  # at the ends too
    neighbours = np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]
    # White noise through a Gaussian of sigma s has the autocorrelation exp(-d² / 4 s²).
    assert neighbours == pytest.approx(np.exp(-1 / (4 * correlation**2)) if correlation else 0, abs=0.03)


def test_blur_is_a_gaussian():
    from scipy.ndimage import gaussian_filter1d

    impulse = np.zeros(41, np.float32)
    impulse[20] = 1
    np.testing.assert_allclose(
        gaussian_matrix(41, 1.7) @ impulse, gaussian_filter1d(impulse, 1.7, truncate=8), atol=1e-5
    )


def test_low_resolution_loses_what_is_fine_and_keeps_what_is_coarse():
    x = np.arange(64)
    matrix = down_and_up_matrix(64, 4)
    fine, coarse = np.cos(np.pi * x), np.cos(2 * np.pi * x / 64)
    assert np.abs(matrix @ fine)[8:-8].max() < 0.05
    assert np.corrcoef(matrix @ coarse, coarse)[0, 1] > 0.999
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((matrix @ x)[8:-8], x[8:-8], atol=1e-3)  # nothing moves


def test_thick_slices_are_thick_along_z_alone(hu):
    settings = Augmentation(thick_slices_probability=1, thick_slices_factor=4)
    changed = lower_resolution(hu, settings, rng(1))
    fine = [np.diff(array, axis=axis).std() for array in (hu, changed) for axis in (0, 2)]
    assert fine[2] < 0.6 * fine[0]
    assert fine[3] / fine[1] == pytest.approx(changed.std() / hu.std(), rel=0.05)  # x and y: noise averaged, no more


def test_lost_resolution_keeps_a_flat_patch():
    settings = Augmentation(
        **NEVER
        | STRONG
        | dict.fromkeys(("blur_probability", "low_resolution_probability", "thick_slices_probability"), 1)
    )
    flat = np.full(SHAPE, -700, np.float32)
    np.testing.assert_allclose(lower_resolution(flat, settings, rng()), -700, atol=0.01)


def test_cut_out_hides_a_box_of_the_stated_size(hu):
    hidden = hu.copy()
    cut_out(hidden, np.array([0.5, 0.25, 0.1]), np.array([1.0, 0.0, 0.5]))
    where = np.argwhere(hidden != hu)
    assert where.min(axis=0).tolist() == [12, 0, 18]
    assert (where.max(axis=0) + 1).tolist() == [24, 8, 22]
    assert len(where) == 12 * 8 * 4
