"""CTs of any length, written slice by slice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmark.peers import bodies
from LungTumorSegLib.volume import read_ct


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(bodies, "COLUMNS", 64)
    monkeypatch.setattr(bodies, "IN_PLANE_MM", 5.6)
    monkeypatch.setattr(bodies, "CHEST_SLICES", 30)
    monkeypatch.setattr(bodies, "CHEST_MM", 10.0)


def test_a_body_is_read_as_a_ct(tmp_path):
    bodies.write_body(tmp_path / "body.nii.gz", slices=100, slice_mm=5.0)
    ct = read_ct(tmp_path / "body.nii.gz")
    assert ct.grid.size == (64, 64, 100)
    assert ct.grid.spacing == pytest.approx((5.6, 5.6, 5.0))
    np.testing.assert_allclose(
        ct.grid.affine[:3, :3], np.diag([5.6, 5.6, 5.0]), atol=1e-4
    )  # left, posterior, superior
    assert ct.array.dtype == np.int16
    slices = np.stack(list(bodies.body_slices(100, 5.0, seed=7)))
    np.testing.assert_array_equal(ct.array, slices)


def test_the_chest_lies_in_the_middle_and_its_ends_go_on():
    slices = np.stack(list(bodies.body_slices(100, 5.0, seed=7))).astype(float)
    below, above = slices[:20], slices[80:]  # the chest takes 60 slices
    for part in (below, above):
        still = np.abs(part[1:] - part[:-1]).mean()
        assert 0 < still < 3 * bodies.NOISE_HU  # noise and nothing else
    lung = ((slices > -950) & (slices < -600)).mean(axis=(1, 2))
    assert lung[30:70].max() > 1.5 * lung[:20].max()


def test_slices_are_made_one_at_a_time():
    assert next(iter(itertools.islice(bodies.body_slices(10**9, 1.0, seed=7), 1))).shape == (64, 64)
