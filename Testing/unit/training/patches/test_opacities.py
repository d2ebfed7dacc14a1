"""Pneumonia, fluid and collapsed lung, laid into lung as background."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.training.patches.opacities import KINDS, atelectasis, effusion, lay_opacity

SPACING = (1.5, 1.5, 1.5)


@pytest.fixture
def patch():
    """A block of lung in soft tissue: HU and where the lung is, zyx."""
    lung = np.zeros((40, 48, 44), bool)
    lung[4:36, 6:42, 5:39] = True
    return np.where(lung, -850, 40).astype(np.float32), lung


def filled(hu, lung):
    return (hu > -300) & lung


@pytest.mark.parametrize("seed", range(12))
def test_only_lung_is_changed_and_always_the_same_way(patch, seed):
    hu, lung = patch
    first, second = hu.copy(), hu.copy()
    lay_opacity(first, lung, SPACING, np.random.default_rng(seed))
    lay_opacity(second, lung, SPACING, np.random.default_rng(seed))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[~lung], hu[~lung])
    assert np.abs(first[lung] - hu[lung]).max() > 100
    assert np.isfinite(first).all()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_it_lays_is_tissue_between_none_and_all(patch, kind):
    _, lung = patch
    for seed in range(8):
        opacity = kind(lung, 1.5, np.random.default_rng(seed))
        assert opacity.alpha.shape == lung.shape
        assert opacity.alpha.min() >= 0
        assert opacity.alpha.max() <= 1.21  # the grain of ground glass may reach above its haze
        assert -50 < np.mean(opacity.tissue) < 130


def test_fluid_lies_behind_and_below(patch):
    hu, lung = patch
    centres = []
    for seed in range(20):
        opacity = effusion(lung, 1.5, np.random.default_rng(seed))
        wet = filled(hu + opacity.alpha * (opacity.tissue - hu), lung)
        centres.append(np.argwhere(wet).mean(0) - np.argwhere(lung).mean(0))
    z, y, _ = np.mean(centres, axis=0)
    assert y > 1  # posterior
    assert z < -1  # inferior


def test_a_plate_is_thin(patch):
    from scipy.ndimage import binary_erosion

    hu, lung = patch
    opacity = atelectasis(lung, 1.5, np.random.default_rng(1))
    plate = filled(hu + opacity.alpha * (opacity.tissue - hu), lung)
    assert plate.any()
    assert not binary_erosion(plate, iterations=6).any()


def test_where_there_is_no_lung_nothing_is_laid(patch):
    hu, lung = patch
    before = hu.copy()
    lay_opacity(hu, np.zeros_like(lung), SPACING, np.random.default_rng(0))
    np.testing.assert_array_equal(hu, before)
