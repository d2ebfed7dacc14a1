"""Connected components: found, measured and chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from LungTumorSegLib.postprocessing import postprocess
from LungTumorSegLib.postprocessing.components import find_components, paint, select_components
from LungTumorSegLib.recipe.schema import Postprocessing

SPACING = (0.8, 1.0, 2.5)  # xyz, mm
VOXEL_ML = 0.002


def choose(mask, probability=None, **components):
    """Post-process with these settings of the recipe's ``components``."""
    recipe = Postprocessing(components=components)
    return postprocess(mask, np.zeros(mask.shape, np.int16), SPACING, recipe, probability=probability)


@pytest.fixture
def three_boxes():
    """Boxes of 60, 8 and 1 voxels."""
    mask = np.zeros((12, 14, 16), np.uint8)
    mask[1:4, 1:5, 1:6] = 1
    mask[8:10, 8:10, 8:10] = 1
    mask[11, 13, 15] = 1
    return mask


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.tuples(*[st.integers(1, 9)] * 3), filled=st.floats(0, 0.6))
def test_components_are_those_of_scipy(seed, shape, filled):
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random(shape) < filled, rng.integers(1, 3, shape), 0).astype(np.uint8)
    probability = rng.random(shape).astype(np.float32)
    expected = []
    for label in (1, 2):
        numbers, count = ndimage.label(mask == label, np.ones((3, 3, 3)))
        for number in range(1, count + 1):
            voxels = numbers == number
            expected.append(
                (label, int(voxels.sum()), float(probability[voxels].mean(dtype=np.float64)), voxels.tobytes())
            )
    found = []
    for component in find_components(mask, probability):
        voxels = np.zeros(shape, bool)
        voxels[component.box] = component.inside
        found.append((component.label, component.voxels, component.confidence, voxels.tobytes()))
    assert sorted(found) == sorted(expected)
    assert np.array_equal(paint(find_components(mask), shape), mask)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), keep=st.sampled_from(["all", "largest"]))
def test_result_does_not_depend_on_memory_layout(seed, keep):
    mask = (np.random.default_rng(seed).random((6, 7, 8)) < 0.2).astype(np.uint8)
    assert np.array_equal(choose(np.asfortranarray(mask), keep=keep), choose(mask, keep=keep))


def test_nothing_is_done_unless_switched_on(three_boxes):
    before = three_boxes.copy()
    result = choose(three_boxes)
    assert np.array_equal(result, before)
    assert result is not three_boxes
    assert result.dtype == np.uint8


def test_largest_is_kept(three_boxes):
    result = choose(three_boxes, keep="largest")
    assert result.sum() == 60
    assert result[1:4, 1:5, 1:6].all()
    assert three_boxes.sum() == 69, "the mask that was given is left as it was"


def test_largest_is_kept_of_each_label(three_boxes):
    three_boxes[8:10, 8:10, 8:10] *= 2
    result = choose(three_boxes, keep="largest")
    assert [(result == label).sum() for label in (1, 2)] == [60, 8]


@pytest.mark.parametrize(
    ("minimum_voxels", "left"), [(0, 69), (1, 69), (1.01, 68), (8, 68), (8.01, 60), (60, 60), (60.01, 0)]
)
def test_minimum_volume_is_inclusive_and_in_ml(three_boxes, minimum_voxels, left):
    assert choose(three_boxes, minimum_volume_ml=minimum_voxels * VOXEL_ML).sum() == left


def test_minimum_confidence_looks_at_the_mean_probability(three_boxes):
    probability = np.full(three_boxes.shape, 0.99, np.float32)  # certain beside the components: must not count
    probability[three_boxes > 0] = 0.5
    probability[2, 2, 2] = 1.0  # one certain voxel of 60 does not make a component certain
    probability[8:10, 8:10, 8:10] = np.linspace(0.8, 1.0, 8).reshape(2, 2, 2)
    assert choose(three_boxes, probability, minimum_confidence=0.5).sum() == 69
    assert choose(three_boxes, probability, minimum_confidence=0.505).sum() == 68
    assert choose(three_boxes, probability, minimum_confidence=0.8).sum() == 8
    assert choose(three_boxes, probability, minimum_confidence=0.95).sum() == 0
    # The largest of those that are certain enough.
    assert choose(three_boxes, probability, minimum_confidence=0.8, keep="largest").sum() == 8


def test_minimum_confidence_without_probabilities_is_an_error(three_boxes):
    with pytest.raises(ValueError, match="needs the probabilities"):
        choose(three_boxes, minimum_confidence=0.5)


def test_unknown_choice_is_an_error(three_boxes):
    with pytest.raises(ValueError, match="keep is 'smallest'"):
        select_components(find_components(three_boxes), VOXEL_ML, keep="smallest")


def test_empty_mask_stays_empty():
    mask = np.zeros((4, 5, 6), np.uint8)
    assert find_components(mask) == []
    assert not choose(mask, keep="largest", minimum_volume_ml=1, minimum_confidence=0.5).any()


def test_corner_neighbours_are_one_component():
    mask = np.zeros((2, 2, 2), np.uint8)
    mask[0, 0, 0] = mask[1, 1, 1] = 1
    assert len(find_components(mask)) == 1


def test_thin_masks_inside_a_larger_array_are_found_whole():
    for shape in [(2, 1, 1), (1, 3, 1), (1, 1, 4), (5, 1, 2), (3, 2, 1)]:
        mask = np.zeros([n + 4 for n in shape], np.uint8)
        mask[tuple(slice(2, 2 + n) for n in shape)] = 1
        for view in (mask, mask.T, mask[::-1, :, ::-1]):
            assert [c.voxels for c in find_components(view)] == [np.prod(shape)]
