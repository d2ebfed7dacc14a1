"""What the network sees outside the lung region, also of a CT with a collapsed lung."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.preparation import prepare_ct
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Preparation
from LungTumorSegLib.volume import Volume
from LungTumorSegLib.volume.resampling import AIR

SLICES = load_recipe("lung-tumor-2d").preparation


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(1, size=(96, 82, 44), spacing=(3.75, 3.75, 7.0))


@pytest.fixture(scope="module")
def left_lung(phantom) -> np.ndarray:
    """The lung on the patient's left, zyx; the phantom's voxels run to the left, to posterior and to superior."""
    lungs = phantom.lungs.array > 0
    middle = np.median(np.nonzero(lungs)[2])
    return lungs & (np.arange(lungs.shape[2]) > middle)


@pytest.fixture(scope="module")
def collapsed(phantom, left_lung) -> Volume:
    """The phantom with its left lung opaque, soft tissue throughout, as behind a main bronchus that is closed."""
    noise = np.random.default_rng(0).normal(45, 15, phantom.ct.array.shape)
    return phantom.ct.with_array(np.where(left_lung, noise, phantom.ct.array).astype(np.int16))


def test_there_is_air_outside_the_region_and_the_ct_inside(phantom):
    kept = prepare_ct(phantom.ct, SLICES.model_copy(update={"outside": "keep"}))
    prepared = prepare_ct(phantom.ct, SLICES)
    assert np.array_equal(prepared.region, kept.region)
    assert (prepared.hu[~prepared.region] == AIR).all()
    assert np.array_equal(prepared.hu[prepared.region], kept.hu[prepared.region])
    assert (kept.hu[~kept.region] > 0).mean() > 0.2  # the chest wall would have been seen


def test_most_of_an_opaque_lung_is_seen(collapsed, left_lung):
    prepared = prepare_ct(collapsed, SLICES)
    part = prepared.grid_map.crop(left_lung)
    seen = prepared.hu[part] > AIR
    # A chest is not symmetric: where the heart lies and how high the domes stand, the mirror image misses some.
    assert seen.sum() > 0.8 * left_lung.sum()
    assert np.median(prepared.hu[part][seen]) == pytest.approx(45, abs=5)


def test_without_the_mirror_image_it_would_be_hidden(collapsed, left_lung):
    found = find_lungs(collapsed)
    assert (found.lungs & left_lung).sum() < 0.05 * left_lung.sum()


def test_slices_keep_their_pixels_and_positions(phantom):
    prepared = prepare_ct(phantom.ct, SLICES)
    assert prepared.grid_map.target.spacing == pytest.approx(phantom.ct.grid.spacing)
    inside = prepared.region
    assert np.array_equal(prepared.hu[inside], prepared.grid_map.crop(phantom.ct.array)[inside])


def test_air_outside_needs_a_region():
    with pytest.raises(ValueError, match="outside: air needs region: lungs"):
        Preparation(region="all", outside="air")
    with pytest.raises(InputError, match="outside: air needs region: lungs"):
        override(load_recipe("lung-tumor-2d"), ["preparation.region=all"])
