"""Lesions among other labels, and the class that a patch teaches: after a paste, too."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.training.data.cases import TrainingCase
from LungTumorSegLib.training.patches.batches import PatchDataset
from LungTumorSegLib.training.patches.carving import class_of_mixture
from LungTumorSegLib.training.patches.lesions import lesions_of
from LungTumorSegLib.training.patches.patch import NO_CLASS, Patch
from LungTumorSegLib.training.patches.sampling import PatchSampler

SHAPE = (32, 40, 48)
ORGAN, LESION = 1, 2


def case_of(name: str, subtype: int | None, lesion_hu: int, lesions: int = 1) -> TrainingCase:
    """An organ across the whole, with cubes of lesion in it."""
    hu, label = np.full(SHAPE, -80, np.int16), np.zeros(SHAPE, np.uint8)
    label[12:22, 14:24, 4:44] = ORGAN
    hu[label == ORGAN] = 100
    for k in range(lesions):
        label[14:20, 16:22, 8 + 20 * k : 16 + 20 * k] = LESION
    hu[label == LESION] = lesion_hu
    everywhere = np.argwhere(np.ones(SHAPE, bool)).astype(np.int16)
    component = np.argwhere(label > 0).astype(np.int16)
    solid, nowhere = np.zeros(SHAPE, bool), np.zeros((0, 3), np.int16)
    return TrainingCase(name, hu, label, solid, nowhere, everywhere, [component], (2.0, 1.0, 1.0), ~solid, subtype)


def recipe_with(*settings: str):
    small = (
        "network={name: resenc, channels: [4, 8], strides: [2], blocks: [1, 1]}",
        "preparation.spacing_mm=[1, 1, 2]",
        "preparation.windows_hu=[[-100, 300]]",
        "preparation.normalization=null",
        "inference={window_size: [16, 16, 16]}",
        "training.patch_size=[16, 16, 16]",
        "training.batch_size=2",
        "training.positive_share=1",
        "training.augmentation={flip_left_right: 0.5, rotation_degrees: 20, affine_probability: 0.5}",
        "training.synthesis={}",
        "training.classification={class_weights: null, fewest_voxels: 30}",
    )
    return override(load_recipe("pancreas-multitask"), [*small, *settings])


def sampler_of(cases, recipe) -> PatchSampler:
    return PatchSampler(cases, [], recipe.training, recipe.preparation, 3, recipe.lesions)


def test_lesions_in_an_organ_are_found_one_by_one():
    case = case_of("two", 1, 20, lesions=2)
    found = lesions_of(case, [LESION])
    assert [len(lesion) for lesion in found] == [6 * 6 * 8] * 2
    assert all((case.label[tuple(lesion.T)] == LESION).all() for lesion in found)
    assert lesions_of(case, None) is case.lesions
    assert lesions_of(case, []) == []


@pytest.mark.parametrize(("positives", "in_lesion"), [("lesions", 1.0), ("any_label", 0.15)])
def test_positive_patches_are_about_lesions_or_whatever_is_labelled(positives, in_lesion):
    recipe = recipe_with(f"training.positives={positives}")
    places = [
        lesion[np.random.default_rng(k).integers(len(lesion))]
        for k, (_, lesion) in enumerate(sampler_of([case_of("a", 0, 20)], recipe).annotated * 60)
    ]
    share = np.mean([case_of("a", 0, 20).label[tuple(place)] == LESION for place in places])
    assert share == pytest.approx(in_lesion, abs=0.12)


def test_patches_teach_the_class_of_their_case_when_they_show_enough_of_its_lesion():
    recipe = recipe_with()
    dataset = PatchDataset(sampler_of([case_of("a", 0, 20), case_of("b", 2, 250)], recipe), recipe)
    told = set()
    for index in range(24):
        image, label, subtype = dataset[index]
        shown = int((label == LESION).sum())
        assert (subtype == NO_CLASS) == (shown < 30)
        if subtype != NO_CLASS:
            told.add(subtype)
            brightest = float(image[0][label == LESION].median())
            assert (subtype == 2) == (brightest > 0.5)  # 250 HU, near the window's upper end
    assert told == {0, 2}


def test_negatives_and_cases_of_unknown_class_teach_the_mask_alone():
    recipe = recipe_with("training.positive_share=0", "training.classification.fewest_voxels=100000")
    dataset = PatchDataset(sampler_of([case_of("a", 0, 20)], recipe), recipe)
    assert {dataset[index][2] for index in range(6)} == {NO_CLASS}
    recipe = recipe_with()
    dataset = PatchDataset(sampler_of([case_of("a", None, 20)], recipe), recipe)
    assert {dataset[index][2] for index in range(6)} == {NO_CLASS}
    plain = recipe_with("classification=null")
    dataset = PatchDataset(sampler_of([case_of("a", 0, 20)], plain), plain)
    assert {dataset[index][2] for index in range(6)} == {NO_CLASS}


def test_pasted_lesion_brings_its_class_unless_one_of_another_class_is_left():
    source, target = case_of("source", 1, 250), case_of("target", 0, 20)
    label = np.zeros((8, 8, 8), np.uint8)
    label[2:5, 2:5, 2:5] = LESION
    replaced = label == LESION
    hu = np.zeros(label.shape, np.float32)
    assert class_of_mixture(Patch(hu, label, 0), replaced, source, [LESION]) == 1
    label[7, 7, 7] = LESION  # of the target
    assert class_of_mixture(Patch(hu, label, 0), replaced, source, [LESION]) is None
    assert class_of_mixture(Patch(hu, label, 1), replaced, source, [LESION]) == 1
    label[7, 7, 7] = ORGAN
    assert class_of_mixture(Patch(hu, label, 0), replaced, source, [LESION]) == 1
    assert class_of_mixture(Patch(hu, label, 0), replaced, source, None) is None  # all labels are lesions there
    assert target.subtype == 0


def test_carved_patches_of_a_run_show_lesion_and_class_of_the_same_case():
    """Two classes that differ in HU: wherever a class is told, the lesion in the patch is as bright as that class."""
    recipe = recipe_with("training.synthesis={real: 0, carve: 1}", "training.augmentation={flip_left_right: 0}")
    dataset = PatchDataset(sampler_of([case_of("dark", 0, 20), case_of("bright", 2, 250)], recipe), recipe)
    told = []
    for index in range(40):
        image, label, subtype = dataset[index]
        if subtype != NO_CLASS:
            inside = image[0][label == LESION]
            told.append(subtype)
            assert (float(inside.median()) > 0.5) == (subtype == 2), index
    assert set(told) == {0, 2}
    assert len(told) >= 5  # where a part of the other lesion is left, no class is told
