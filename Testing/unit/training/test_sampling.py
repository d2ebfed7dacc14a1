"""Patches: the stated share of positives, reproducible, and labelled where the lesion is."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.recipe import override
from LungTumorSegLib.training.augmentation import augment
from LungTumorSegLib.training.cases import IGNORED
from LungTumorSegLib.training.masses import make_mass
from LungTumorSegLib.training.nodules import place_nodule
from LungTumorSegLib.training.sampling import Patch, PatchSampler

SPACING = (1.5, 1.5, 1.5)


def sampler(cases, nodules, recipe, *settings):
    return PatchSampler(cases, nodules, override(recipe, list(settings)).training, SPACING, seed=3)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.3, 1.0])
def test_share_of_positives_is_exact(cases, nodules, small_recipe, share):
    drawn = sampler(cases, nodules, small_recipe, f"training.positive_share={share}")
    assert sum(drawn.is_positive(i) for i in range(200)) == int(200 * share)


def test_patches_depend_on_seed_and_number_alone(cases, nodules, small_recipe):
    one, other = (sampler(cases, nodules, small_recipe) for _ in range(2))
    later = other.draw(5)
    for number in range(6):
        patch = one.draw(number)
    assert np.array_equal(patch.hu, later.hu)
    assert np.array_equal(patch.label, later.label)
    assert not np.array_equal(one.draw(5).hu, one.draw(7).hu)


@pytest.mark.parametrize("kind", ["real", "nodule", "mass"])
def test_every_kind_of_positive_holds_a_lesion_brighter_than_lung(cases, nodules, small_recipe, kind):
    shares = {name: float(name == kind) for name in ("real", "nodule", "mass")}
    settings = [f"training.synthesis.{name}={share}" for name, share in shares.items()]
    only = ["training.positive_share=1", "training.synthesis.cavity=0", "training.synthesis.ground_glass=0"]
    drawn = sampler(cases, nodules, small_recipe, *settings, *only)
    for number in range(8):
        patch = drawn.draw(number)
        assert patch.hu.shape == patch.label.shape == (32, 32, 32)
        assert (patch.label == 1).any()
        assert patch.hu[patch.label == 1].mean() > -450


def test_drawing_leaves_the_cases_as_they_were(cases, nodules, small_recipe):
    before = [(case.hu.copy(), case.label.copy()) for case in cases]
    drawn = sampler(cases, nodules, small_recipe)
    for number in range(10):
        augment(drawn.draw(number), small_recipe.training.augmentation, np.random.default_rng(number))
    for case, (hu, label) in zip(cases, before, strict=True):
        assert np.array_equal(case.hu, hu)
        assert np.array_equal(case.label, label)


def test_without_lesions_or_synthesis_all_patches_are_negative(cases, small_recipe):
    drawn = sampler(cases[1:], [], small_recipe, "training.synthesis.mass=0")
    assert not any(drawn.is_positive(i) for i in range(20))


def test_nodule_keeps_its_volume_times_the_zoom(nodules):
    rng = np.random.default_rng(0)
    native_ml = nodules[0].mask.sum() * np.prod(nodules[0].spacing) / 1000
    for zoom in (1.0, 2.0):
        placed = place_nodule(nodules[0], zoom, SPACING, rng)
        volume = placed.mask.sum() * np.prod(SPACING) / 1000
        assert volume == pytest.approx(native_ml * zoom**3, rel=0.35)


def test_mass_has_about_the_drawn_size(small_recipe):
    settings = override(small_recipe, ["training.synthesis.mass_radius_mm=[12, 12.001]"]).training.synthesis
    volumes = [make_mass(settings, SPACING, np.random.default_rng(i)).mask.sum() * 3.375 / 1000 for i in range(12)]
    assert np.median(volumes) == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.4)


def test_augmentation_moves_image_and_label_together(small_recipe):
    label = np.zeros((32, 32, 32), dtype=np.uint8)
    label[8:14, 10:20, 5:11] = 1
    label[20:24, 20:24, 20:24] = IGNORED
    settings = override(
        small_recipe, ["training.augmentation.affine_probability=1", "training.augmentation.noise_probability=0"]
    ).training.augmentation
    for seed in range(6):
        hu = np.where(label == 1, 1000.0, 0.0).astype(np.float32)
        moved = augment(Patch(hu, label.copy()), settings, np.random.default_rng(seed))
        bright = moved.hu > 500
        assert set(np.unique(moved.label)) <= {0, 1, IGNORED}
        overlap = (bright & (moved.label == 1)).sum()
        assert overlap >= 0.85 * max(bright.sum(), (moved.label == 1).sum())


def test_augmentation_switched_off_changes_nothing(small_recipe):
    off = dict.fromkeys(type(small_recipe.training.augmentation).model_fields, 0)
    settings = type(small_recipe.training.augmentation)(**off)
    hu = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)
    result = augment(Patch(hu.copy(), np.zeros((8, 8, 8), np.uint8)), settings, np.random.default_rng(0))
    assert np.array_equal(result.hu, hu)
