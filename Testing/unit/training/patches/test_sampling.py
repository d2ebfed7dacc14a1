"""Patches: the stated share of positives, reproducible, and labelled where the lesion is."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from LungTumorSegLib.recipe import override
from LungTumorSegLib.training.patches.augmentation import augment
from LungTumorSegLib.training.patches.masses import make_mass
from LungTumorSegLib.training.patches.nodules import place_nodule
from LungTumorSegLib.training.patches.sampling import PatchSampler

SPACING = (1.5, 1.5, 1.5)


def sampler(cases, nodules, recipe, *settings):
    changed = override(recipe, list(settings))
    return PatchSampler(cases, nodules, changed.training, changed.preparation, seed=3)


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


def test_margin_shows_more_of_the_same_patch(cases, nodules, small_recipe):
    only_real = [f"training.synthesis.{name}=0" for name in ("nodule", "mass")]
    drawn = sampler(cases, nodules, small_recipe, "training.synthesis.opacity=0", *only_real)
    for number in range(6):
        patch, wide = drawn.draw(number), drawn.draw(number, (2, 3, 4))
        assert wide.hu.shape == (36, 38, 40)
        assert np.array_equal(wide.hu[2:-2, 3:-3, 4:-4], patch.hu)
        assert np.array_equal(wide.label[2:-2, 3:-3, 4:-4], patch.label)


@pytest.mark.parametrize("kind", ["real", "nodule", "mass", "carve"])
def test_every_kind_of_positive_holds_a_lesion_brighter_than_lung(cases, nodules, small_recipe, kind):
    shares = {name: float(name == kind) for name in ("real", "nodule", "mass", "carve")}
    settings = [f"training.synthesis.{name}={share}" for name, share in shares.items()]
    only = [
        "training.positive_share=1",
        "training.synthesis.opacity=0",
        "training.synthesis.cavity=0",
        "training.synthesis.ground_glass=0",
    ]
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
        draw = partial(drawn.draw, number)
        augment(draw, drawn.shape, SPACING, small_recipe.training.augmentation, np.random.default_rng(number))
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
