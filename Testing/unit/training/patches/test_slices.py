"""Patches of one slice: cases that keep their own spacing, lesions laid into slices, air outside the lungs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.training.data.cases import IGNORED
from LungTumorSegLib.training.patches.batches import PatchDataset
from LungTumorSegLib.training.patches.cutting import OUTSIDE_HU, cut
from LungTumorSegLib.training.patches.masses import make_mass
from LungTumorSegLib.training.patches.nodules import place_nodule
from LungTumorSegLib.training.patches.sampling import PatchSampler

EVERY_PATCH_A_LESION = ["training.positive_share=1", "training.synthesis.opacity=0"]


def slices_of(cases, nodules, *settings: str) -> PatchSampler:
    """A sampler of `lung-tumor-2d` on slices of 32 x 32."""
    sizes = ["training.patch_size=[32, 32, 1]", "inference.window_size=[32, 32, 1]"]
    recipe = override(load_recipe("lung-tumor-2d"), [*sizes, *settings])
    return PatchSampler(cases, nodules, recipe.training, recipe.preparation, seed=3)


def only(kind: str) -> list[str]:
    """Settings by which every patch holds a lesion of this kind."""
    kinds = ("real", "nodule", "mass", "carve")
    return [*EVERY_PATCH_A_LESION, *(f"training.synthesis.{name}={float(name == kind)}" for name in kinds)]


@pytest.mark.parametrize("kind", ["real", "nodule", "mass"])
def test_a_slice_holds_the_lesion_that_was_laid_into_it(cases, nodules, kind):
    # The smallest mass is cut near its pole as often as in its middle, and may then show nothing.
    drawn = slices_of(cases, nodules, *only(kind), "training.synthesis.mass_radius_mm=[8, 10]")
    patches = [drawn.draw(number) for number in range(40)]
    assert {patch.hu.shape for patch in patches} == {(1, 32, 32)}
    assert np.mean([(patch.label == 1).any() for patch in patches]) > 0.85


def test_slices_cut_masses_and_nodules_anywhere_and_not_in_the_middle_alone(cases, nodules):
    settings = load_recipe("lung-tumor-2d").training.synthesis.model_copy(update={"mass_radius_mm": (12.0, 12.001)})
    rng = np.random.default_rng(0)
    areas = [make_mass(settings, (3, 1, 1), rng, (1, 64, 64)).mask.sum() for _ in range(60)]
    whole = np.pi * 12**2
    assert min(areas) < 0.5 * whole < 0.8 * whole < max(areas)
    drawn = slices_of(cases, nodules, *only("nodule"))
    nodule = place_nodule(nodules[0], 2.0, (1.5, 1.5, 1.5), rng)
    heights = {int(drawn.cutting(nodule, np.zeros(3, int), rng)[0]) for _ in range(40)}
    assert len(heights) > 3


def test_each_patch_has_the_spacing_of_its_own_case(cases):
    spacings = {10: (2.0, 0.7, 0.7), 20: (3.0, 1.0, 1.0)}
    pair = zip(cases, spacings.items(), strict=True)
    each = [replace(case, hu=np.full_like(case.hu, hu), spacing=spacing) for case, (hu, spacing) in pair]
    drawn = slices_of(each, [], "training.positive_share=0", "training.synthesis.opacity=0")
    shown = [drawn.draw(number).hu.max() for number in range(20)]
    assert set(shown) == {*spacings}
    assert [drawn.spacing_of(number) for number in range(20)] == [spacings[hu] for hu in shown]


@pytest.mark.parametrize("kind", ["real", "nodule", "mass", "carve"])
def test_outside_the_region_there_is_air_and_no_lesion(cases, nodules, kind):
    """Also where a mass that invades the chest wall was laid across the region's border."""
    drawn = slices_of(cases, nodules, *only(kind))
    shown = slices_of(cases, nodules, *only(kind), "preparation.outside=keep")
    hidden_somewhere = False
    for number in range(20):
        patch, whole = drawn.draw(number), shown.draw(number)
        differs = patch.hu != whole.hu
        hidden_somewhere |= differs.any()
        assert (patch.hu[differs] == OUTSIDE_HU).all()
        assert not patch.label[differs].any()
        assert np.array_equal(patch.label[~differs & (whole.label == 1)], whole.label[~differs & (whole.label == 1)])
    assert hidden_somewhere


def test_voxels_whose_truth_is_not_known_stay_so_outside_the_region(cases):
    label = cases[0].label.copy()
    label[:3] = IGNORED
    part = cut(replace(cases[0], label=label), np.zeros(3, int), cases[0].hu.shape, outside="air")
    seen = part.seen()
    assert (seen.label[:3] == IGNORED).all()
    assert (seen.hu[:3] == OUTSIDE_HU).all()


def test_augmentation_moves_image_and_mask_of_a_slice_together(cases):
    """Real lesions are bright in dark lung: wherever the mask goes, the bright voxels go."""
    settings = ["training.augmentation.affine_probability=1", "training.augmentation.noise_probability=0"]
    settings += ["training.augmentation.blur_probability=0", "training.augmentation.shift_hu=0"]
    sizes = ["training.patch_size=[32, 32, 1]", "inference.window_size=[32, 32, 1]"]
    recipe = override(load_recipe("lung-tumor-2d"), [*sizes, *only("real"), *settings])
    patches = PatchDataset(PatchSampler(cases[:1], [], recipe.training, recipe.preparation, seed=3), recipe)
    places = set()
    for number in range(30):
        image, label = (tensor.numpy() for tensor in patches[number][:2])
        assert set(np.unique(label)) <= {0, 1}  # the nearest voxel's, never between
        if (label == 1).sum() >= 9:
            assert image[0][label == 1].mean() > 0.2
            assert image[0][(label == 0)].mean() < 0
            places.add(tuple(np.argwhere(label[0] == 1).mean(axis=0).round()))
    assert len(places) > 10
