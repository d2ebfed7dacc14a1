"""Random fields: they vary as they are said to, and depend on nothing but the generator that is given."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.training.patches import random_fields
from LungTumorSegLib.training.patches.random_fields import smooth_noise, white_noise

SHAPE = (24, 30, 36)


def correlation(field: np.ndarray) -> float:
    """Return the correlation of neighbours along x."""
    return float(np.corrcoef(field[..., :-1].ravel(), field[..., 1:].ravel())[0, 1])


@pytest.mark.parametrize("store", [2**23, 1000])  # drawn once and cut from, or too small and drawn each time
def test_white_noise_is_white_and_of_unit_variance(monkeypatch, store):
    monkeypatch.setattr(random_fields, "STORE_LENGTH", store)
    fields = [white_noise(SHAPE, np.random.default_rng(seed)) for seed in range(8)]
    assert all(field.shape == SHAPE and field.dtype == np.float32 for field in fields)
    assert np.mean(fields) == pytest.approx(0, abs=0.01)
    assert np.std(fields) == pytest.approx(1, abs=0.01)
    assert all(abs(correlation(field)) < 0.03 for field in fields)
    between = np.corrcoef([field.ravel() for field in fields]) - np.eye(8)
    assert np.abs(between).max() < 0.03
    assert np.array_equal(fields[0], white_noise(SHAPE, np.random.default_rng(0)))


def test_noise_that_was_handed_out_may_be_changed():
    first = white_noise(SHAPE, np.random.default_rng(0))
    kept = first.copy()
    first += 1000
    assert np.array_equal(white_noise(SHAPE, np.random.default_rng(0)), kept)


@pytest.mark.parametrize("scale", [3.0, 10.0, 100.0])
def test_smooth_noise_is_smooth_and_of_unit_variance_over_many_fields(scale):
    fields = [smooth_noise(SHAPE, scale, np.random.default_rng(seed)) for seed in range(200)]
    assert np.mean(np.square(fields)) == pytest.approx(1, abs=0.15 if scale < 50 else 0.35)
    assert all(correlation(field) > 0.5 for field in fields)
