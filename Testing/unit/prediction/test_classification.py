"""The class of lesions in prediction: the head is asked about each lesion that was found, and about nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import CancelledError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.prediction.classification import Classification, classify_lesions
from LungTumorSegLib.prediction.predict import network_input, sliding_window
from LungTumorSegLib.preparation import prepare_ct
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.wording import class_in_words

CPU = DeviceChoice("cpu", "asked for")
SMALL = (
    "network={name: resenc, channels: [4, 8], strides: [2], blocks: [1, 1]}",
    "preparation.spacing_mm=[1, 1, 1]",
    "preparation.windows_hu=[[0, 1000]]",
    "preparation.normalization=null",
    "training={patch_size: [16, 16, 16]}",
    "inference={window_size: [16, 16, 16]}",
)


class Listener(torch.nn.Module):
    """Tells class 1 of patches with a bright middle, class 0 of others; and keeps what it was asked about."""

    def __init__(self):
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def classify(self, patch):
        self.seen.append(patch)
        bright = patch[:, 0].amax((1, 2, 3)) > 0.5
        return torch.stack([torch.where(bright, -2.0, 2.0), torch.where(bright, 2.0, -2.0), torch.full((1,), -9.0)], 1)


@pytest.fixture
def recipe():
    return override(load_recipe("pancreas-multitask"), list(SMALL))


def scan(size=(48, 40, 32), direction=None) -> Volume:
    grid = Grid(size, (1.0, 1.0, 1.0), direction=np.eye(3) if direction is None else direction)
    return Volume(np.zeros(grid.shape, np.int16), grid)


def asked(ct: Volume, mask: np.ndarray, recipe) -> tuple[Classification, list[torch.Tensor]]:
    prepared = prepare_ct(ct, recipe.preparation)
    image, network = torch.from_numpy(network_input(prepared.hu, recipe.preparation)), Listener()
    return classify_lesions(network, image, mask, prepared, recipe, sliding_window(recipe), CPU), network.seen


def test_each_lesion_is_seen_in_the_middle_of_a_window_and_weighs_by_its_voxels(recipe):
    ct = scan()
    mask = np.zeros(ct.array.shape, np.uint8)
    mask[8:24, 8:32, 8:40] = 1  # the organ is not asked about
    mask[10:14, 10:14, 10:16] = 2
    ct.array[12, 12, 13] = 1000  # in the small lesion
    mask[14:22, 20:28, 26:34] = 2
    told, seen = asked(ct, mask, recipe)
    assert [tuple(patch.shape) for patch in seen] == [(1, 1, 16, 16, 16)] * 2
    assert told.lesions == 2
    assert np.unravel_index(int(seen[1][0, 0].argmax()), (16, 16, 16)) == (8, 8, 8)
    sure, share = 1 / (1 + np.exp(-4)), 96 / (96 + 512)
    expected = (share * (1 - sure) + (1 - share) * sure, share * sure + (1 - share) * (1 - sure), 0)
    assert told.probabilities == pytest.approx(expected, abs=1e-4)
    assert told.subtype == 0


def test_lesion_is_found_whichever_way_the_scan_is_stored(recipe):
    turned = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]], dtype=float)
    ct = scan(direction=turned)
    mask = np.zeros(ct.array.shape, np.uint8)
    mask[10:16, 10:16, 30:36] = 2
    ct.array[12:14, 12:14, 32:34] = 1000
    told, (patch,) = asked(ct, mask, recipe)
    assert told.subtype == 1
    middle = patch[0, 0, 6:10, 6:10, 6:10]
    assert (middle > 0.5).sum() == (patch > 0.5).sum() == 8


def test_scan_smaller_than_a_window_is_filled_up_and_one_at_its_border_is_not(recipe):
    ct = scan((10, 12, 40))
    mask = np.zeros(ct.array.shape, np.uint8)
    mask[36:40, 4:8, 4:8] = 2
    ct.array[38, 6, 6] = 1000
    _, (patch,) = asked(ct, mask, recipe)
    assert patch.shape == (1, 1, 16, 16, 16)
    assert (patch > 0.5).sum() == 1


def test_lesion_smaller_than_a_voxel_of_the_prepared_grid_is_asked_about_too(recipe):
    coarse = override(recipe, ["preparation.spacing_mm=[2, 2, 2]"])
    mask = np.zeros(scan().array.shape, np.uint8)
    mask[9, 9, 9] = 2
    told, seen = asked(scan(), mask, coarse)
    assert (told.lesions, len(seen)) == (1, 1)


def test_without_a_lesion_nothing_is_asked_and_no_class_told(recipe):
    mask = np.ones(scan().array.shape, np.uint8)
    told, seen = asked(scan(), mask, recipe)
    assert seen == []
    assert told.as_dict() == {"subtype": None, "name": None, "probabilities": {}, "lesions": 0}
    assert class_in_words(told.as_dict()) == "class of the lesions: none, as none was found"


def test_only_the_largest_of_many_lesions_are_asked_about(recipe):
    mask = np.zeros(scan().array.shape, np.uint8)
    for k in range(10):
        mask[4, 4, 4 * k : 4 * k + 2] = 2
    mask[20:24, 20:24, 20:24] = 2
    told, seen = asked(scan(), mask, recipe)
    assert told.lesions == len(seen) == 8


class Everywhere(torch.nn.Module):
    """Calls every voxel a lesion, and writes down whether TF32 was allowed for the mask and for the class."""

    def __init__(self):
        super().__init__()
        self.allowed: list[bool] = []

    def forward(self, tiles):
        self.allowed.append(torch.backends.cudnn.allow_tf32)
        return torch.tensor([-9.0, -9.0, 9.0])[None, :, None, None, None].expand(len(tiles), 3, *tiles.shape[2:])

    def classify(self, patch):
        self.allowed.append(torch.backends.cudnn.allow_tf32)
        return torch.tensor([[1.0, 0.0, 0.0]])


@pytest.mark.parametrize("allowed", [False, True])
def test_the_head_is_computed_as_precisely_as_the_mask(recipe, allowed):
    network = Everywhere()
    told = override(recipe, [f"inference.tf32={str(allowed).lower()}"])
    before = torch.backends.cudnn.allow_tf32
    found = Predictor(told, network, CPU).predict(scan((20, 20, 20)))
    assert found.classification.subtype == 0
    assert set(network.allowed) == {allowed}
    assert torch.backends.cudnn.allow_tf32 == before


def test_it_can_be_cancelled_between_lesions(recipe):
    mask = np.zeros(scan().array.shape, np.uint8)
    mask[4:8, 4:8, 4:8] = mask[20:24, 20:24, 20:24] = 2
    prepared = prepare_ct(scan(), recipe.preparation)
    image, network = torch.zeros(1, *prepared.hu.shape), Listener()

    def cancel(stage: str, done: float) -> None:
        if done > 0:
            raise CancelledError

    with pytest.raises(CancelledError):
        classify_lesions(network, image, mask, prepared, recipe, sliding_window(recipe), CPU, cancel)
    assert len(network.seen) == 1


def test_report_says_class_and_probabilities_by_name():
    told = Classification(("A", "B"), (0.25, 0.75), 1).as_dict()
    assert told == {"subtype": 1, "name": "B", "probabilities": {"A": 0.25, "B": 0.75}, "lesions": 1}
    assert class_in_words(told) == "class of the lesions: B (probabilities: A 0.25, B 0.75)"
