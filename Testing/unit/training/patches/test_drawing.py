"""How a recipe may have cases, places and padding drawn: by size, anywhere, over and over, with the edges going on."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import override
from LungTumorSegLib.training.data.cases import TrainingCase
from LungTumorSegLib.training.patches.cutting import EDGE, cut, window
from LungTumorSegLib.training.patches.sampling import PatchSampler

REAL_ALONE = ["training.synthesis.nodule=0", "training.synthesis.mass=0", "training.synthesis.opacity=0"]
ANYWHERE = [*REAL_ALONE, "training.negatives=anywhere"]


def abdomen(name: str, shape, *, lesion: bool = True) -> TrainingCase:
    """A case without lungs, whose HU say which case it is and whose organ lies in its lowest corner."""
    label = np.zeros(shape, np.uint8)
    if lesion:
        label[2:4, 2:4, 2:4] = 1
        label[3, 3, 3] = 2
    anywhere = np.argwhere(np.ones(shape, bool)).astype(np.int16)
    nowhere = np.empty((0, 3), np.int16)
    lesions = [np.argwhere(label > 0)] if lesion else []
    hu = np.full(shape, len(name), np.int16)
    return TrainingCase(name, hu, label, np.ones(shape, bool), nowhere, anywhere, lesions, (2.5, 0.8, 0.8))


def sampler(cases, recipe, *settings, size: int = 8, padding: str = "air") -> PatchSampler:
    sizes = [f"training.patch_size=[{size}, {size}, {size}]", f"inference.window_size=[{size}, {size}, {size}]"]
    changed = override(recipe, [*sizes, *ANYWHERE, f"preparation.padding={padding}", *settings])
    return PatchSampler(cases, [], changed.training, changed.preparation, seed=3)


def drawn_from(drawn: PatchSampler, count: int) -> np.ndarray:
    return np.array([drawn.draw(number).hu.max() for number in range(count)])


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize(("how", "expected"), [("evenly", 0.5), ("by_size", 0.8)])
def test_cases_are_drawn_as_asked(small_recipe, share, how, expected):
    """The larger case has four times the voxels of the other: 0.8 of both."""
    cases = [abdomen("a", (16, 16, 16)), abdomen("bb", (16, 32, 32))]
    drawn = sampler(cases, small_recipe, f"training.draw_cases={how}", f"training.positive_share={share}")
    assert (drawn_from(drawn, 800) == 2).mean() == pytest.approx(expected, abs=0.05)


def test_positive_patches_come_from_cases_with_a_lesion(small_recipe):
    cases = [abdomen("a", (16, 16, 16)), abdomen("bb", (32, 32, 32), lesion=False)]
    drawn = sampler(cases, small_recipe, "training.draw_cases=by_size", "training.positive_share=1")
    assert set(drawn_from(drawn, 20)) == {1}


def test_at_least_the_stated_share_holds_foreground(small_recipe):
    cases = [abdomen("a", (40, 40, 40)), abdomen("bb", (60, 40, 40))]
    drawn = sampler(cases, small_recipe, "training.positive_share=0.3", "training.draw_cases=by_size")
    held = [(drawn.draw(number).label > 0).any() for number in range(200)]
    assert np.mean(held) >= 0.3
    assert all(held[number] for number in range(200) if drawn.is_positive(number))


def test_anywhere_is_everywhere_alike(small_recipe):
    """Centres of negative patches are spread over the case, air and body alike."""
    case = abdomen("a", (64, 64, 64))
    case.hu[:] = np.arange(64)
    drawn = sampler([case], small_recipe, "training.positive_share=0")
    middles = [drawn.draw(number).hu.mean() for number in range(600)]
    assert np.mean(middles) == pytest.approx(31.5, abs=2)
    assert np.std(middles) == pytest.approx(64 / np.sqrt(12), abs=2)


def test_distinct_patches_are_drawn_again_and_again(small_recipe):
    case = abdomen("a", (30, 30, 30))
    case.hu[:] = np.random.default_rng(0).integers(0, 100, (30, 30, 30))
    drawn = sampler([case], small_recipe, "training.distinct_patches=5", "training.positive_share=0.4")
    first = [drawn.draw(number) for number in range(5)]
    assert len({patch.hu.tobytes() for patch in first}) == 5
    for number in range(5, 15):
        assert np.array_equal(drawn.draw(number).hu, first[number % 5].hu)
        assert drawn.is_positive(number) == drawn.is_positive(number % 5)
    assert sum(drawn.is_positive(number) for number in range(50)) == 20


@pytest.mark.parametrize("padding", ["air", "edge"])
def test_a_case_that_is_smaller_than_a_patch_is_padded(small_recipe, padding):
    case = abdomen("a", (4, 20, 20))
    drawn = sampler([case], small_recipe, "training.positive_share=1", size=8, padding=padding)
    patch = drawn.draw(0)
    assert patch.hu.shape == (8, 8, 8)
    assert (patch.label == 2).any()
    if padding == "air":
        assert (patch.hu == -1000).sum() == 4 * 8 * 8
        assert not patch.label[patch.hu == -1000].any()
    else:
        assert (patch.hu == 1).all()


def test_edges_go_on_in_image_and_label():
    case = abdomen("a", (4, 5, 6))
    case.hu[:] = np.random.default_rng(0).integers(-100, 200, (4, 5, 6))
    part = cut(case, np.array([-2, 1, 3]), (9, 4, 8), "edge")
    for array, got in ((case.hu, part.patch.hu), (case.label, part.patch.label)):
        assert np.array_equal(got, np.pad(array, [(2, 3), (0, 0), (0, 5)], mode="edge")[:, 1:, 3:])
    assert part.patch.hu.dtype == np.float32
    assert part.solid[0].all(), "no lesion is pasted beyond the case"


def test_a_window_within_the_array_needs_no_edge():
    array = np.arange(27).reshape(3, 3, 3)
    assert np.array_equal(window(array, np.array([1, 0, 1]), (2, 2, 2), EDGE, np.int64), array[1:, :2, 1:])


@pytest.mark.parametrize("settings", [["training.negatives=lungs"], ["training.synthesis.mass=1"]])
def test_what_needs_lungs_is_refused_where_there_are_none(small_recipe, settings):
    with pytest.raises(InputError, match=r"case a: there is no aerated lung .*training\.negatives=anywhere"):
        sampler([abdomen("a", (16, 16, 16))], small_recipe, *settings)
