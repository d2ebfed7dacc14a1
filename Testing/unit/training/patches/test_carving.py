"""Lesions carved out of one case and pasted into another."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.training.data.cases import IGNORED, TrainingCase
from LungTumorSegLib.training.patches.carving import carve, same_place
from LungTumorSegLib.training.patches.cutting import OUTSIDE_HU, cut, window

SPACING = (1.0, 1.0, 1.0)
NOWHERE = np.zeros((0, 3), np.int16)


def ball(shape, centre, radius):
    z, y, x = np.indices(shape)
    return (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2


def case_of(shape, lung_hu, lesion=None, value=1):
    hu = np.full(shape, lung_hu, np.int16)
    label = np.zeros(shape, np.uint8)
    lesions = []
    if lesion is not None:
        hu[lesion], label[lesion] = 40, value
        lesions = [np.argwhere(lesion).astype(np.int16)]
    return TrainingCase("case", hu, label, np.zeros(shape, bool), NOWHERE, NOWHERE, lesions, SPACING)


@pytest.fixture
def source():
    return case_of((40, 40, 40), -700, ball((40, 40, 40), (20, 20, 20), 6))


@pytest.fixture
def target():
    return case_of((60, 40, 50), -900)


def pasted(source, target, seed, place=(30, 20, 25)):
    part = cut(target, np.zeros(3, int), target.hu.shape)
    carve(source, source.lesions[0], SPACING, np.random.default_rng(seed)).paste(part, np.array(place))
    return part.patch


def test_region_is_bounded_by_a_distance_from_the_lesion(source):
    volumes = []
    for seed in range(60):
        carving = carve(source, source.lesions[0], SPACING, np.random.default_rng(seed))
        region = carving.alpha >= 0.5
        middle = np.array(region.shape) // 2
        far = np.sqrt(((np.argwhere(region) - middle) ** 2).sum(axis=1)).max()
        near = np.sqrt(((np.argwhere(~region) - middle) ** 2).sum(axis=1)).min()
        assert far <= near + 1.5  # a ball about a ball
        volumes.append(region.sum() / len(source.lesions[0]))
    radii = np.cbrt(volumes)
    # From half the depth inside to the whole depth outside, each side half of the time.
    assert 0.4 < radii.min() < 0.65
    assert 1.75 < radii.max() < 2.25
    assert 0.3 < np.mean(radii > 1) < 0.7


def test_image_and_label_are_replaced_alike(source, target):
    for seed in range(8):
        patch = pasted(source, target, seed)
        marked = patch.label == 1
        assert marked.any()
        assert patch.hu[marked].mean() > -200  # the border is soft
        assert set(np.unique(patch.label)) == {0, 1}
        far = ~ball(patch.hu.shape, (30, 20, 25), 15)
        assert (patch.hu[far] == -900).all()


def test_what_surrounds_the_lesion_comes_along(source, target):
    around = [int((pasted(source, target, seed).hu == -700).sum()) for seed in range(12)]
    assert max(around) > 500
    assert min(around) == 0


def test_labels_of_the_source_replace_those_of_the_target():
    source = case_of((40, 40, 40), -700, ball((40, 40, 40), (20, 20, 20), 6), value=2)
    source.label[20, 20, 20] = IGNORED
    target = case_of((40, 40, 40), -900, ball((40, 40, 40), (20, 20, 20), 2))
    labels = set()
    for seed in range(12):
        labels |= set(np.unique(pasted(source, target, seed, (20, 20, 20)).label))
    assert labels == {0, 2, IGNORED}


def test_place_is_the_same_share_of_the_other_case(source, target):
    assert same_place(source.lesions[0], source, target).tolist() == [30, 20, 25]
    assert same_place(source.lesions[0], source, source).tolist() == [20, 20, 20]


def test_a_lesion_of_one_voxel_at_the_border_can_be_carved():
    lesion = np.zeros((20, 20, 20), bool)
    lesion[0, 0, 0] = True
    source = case_of((20, 20, 20), -700, lesion)
    for seed in range(10):
        patch = pasted(source, case_of((20, 20, 20), -900), seed, (0, 0, 0))
        assert patch.label[0, 0, 0] == 1


def test_window_may_reach_beyond_on_every_side():
    array = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    whole = window(array, np.array([-1, -2, -3]), (8, 8, 8), OUTSIDE_HU, np.float32)
    assert np.array_equal(whole[1:4, 2:5, 3:6], array)
    assert (whole == OUTSIDE_HU).sum() == 8**3 - 27
    assert (window(array, np.array([9, 0, 0]), (2, 2, 2), 7, np.uint8) == 7).all()
    assert (window(array, np.array([-9, 0, 0]), (2, 2, 2), 7, np.uint8) == 7).all()
    assert np.array_equal(window(array, np.array([1, 1, 1]), (2, 2, 2), 0, np.int16), array[1:, 1:, 1:])
