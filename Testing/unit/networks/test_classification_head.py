"""The head on the shared encoder: what it pools, what it teaches, and that the mask is answered as without it."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.networks.classification import ClassificationHead, MasksAndClasses
from LungTumorSegLib.recipe import load_recipe, override

SMALL = (
    "labels={1: Organ, 2: Lesion}",
    "lesions=[2]",
    "network={name: resenc, channels: [4, 8, 8], strides: [2, 2], blocks: [1, 1, 1]}",
    "classification={names: {0: A, 1: B, 2: C}, dropout: 0}",
    "training.patch_size=[16, 16, 16]",
    "inference.window_size=[16, 16, 16]",
)


@pytest.fixture
def recipe():
    return override(load_recipe("lung-tumor-resenc"), list(SMALL))


@pytest.fixture
def patch():
    return torch.randn(2, 2, 16, 16, 16, generator=torch.Generator().manual_seed(1))


def test_in_evaluation_the_mask_is_answered_as_without_a_head(recipe, patch):
    network = network_of(recipe, seed=1).eval()
    without = network_of(override(recipe, ["classification=null"]), seed=2).eval()
    weights = network.state_dict()
    without.load_state_dict({name: weights[name] for name in without.state_dict()})
    assert torch.equal(network(patch), without(patch))
    assert weights.keys() - without.state_dict().keys() == {"head.linear.weight", "head.linear.bias"}


def test_training_answers_both_and_classify_gives_the_same_classes(recipe, patch):
    network = network_of(recipe, seed=1).train()
    answer = network(patch)
    assert isinstance(answer, MasksAndClasses)
    assert [logits.shape[1] for logits in answer.masks] == [3] * len(answer.masks)
    assert answer.classes.shape == (2, 3)
    # No dropout and no batch normalisation: both modes compute the same.
    torch.testing.assert_close(network.eval().classify(patch), answer.classes)


def logits_with_lesion(where) -> torch.Tensor:
    logits = torch.zeros(1, 3, 8, 8, 8)
    logits[:, 0] = 20
    logits[(slice(None), 2, *where)] = 60
    return logits


def test_features_are_weighted_by_where_the_lesion_is():
    head = ClassificationHead(1, 2, [2], dropout=0)
    features = torch.zeros(1, 1, 4, 4, 4)
    features[0, 0, 1, 2, 3] = 7.0
    pooled = {}
    head.linear.register_forward_hook(lambda module, inputs, output: pooled.update(now=inputs[0][0].tolist()))
    head(features, logits_with_lesion((slice(2, 4), slice(4, 6), slice(6, 8))))  # those voxels, twice as fine
    mean, highest = pooled["now"]
    assert highest == 7
    assert mean == pytest.approx(7 * 1.01 / (1.01 + 63 * 0.01))
    head(features, logits_with_lesion((slice(0, 2), slice(0, 2), slice(0, 2))))
    assert pooled["now"][0] == pytest.approx(7 * 0.01 / (1.01 + 63 * 0.01))


def test_a_lesion_of_one_voxel_counts_in_full():
    head = ClassificationHead(1, 2, [2], dropout=0)
    one = head._lesion(logits_with_lesion((3, 3, 3)), (4, 4, 4))
    assert one.max() == pytest.approx(1)
    assert one.sum() == pytest.approx(1, abs=1e-4)


def test_the_organ_is_no_lesion():
    head = ClassificationHead(1, 2, [2], dropout=0)
    logits = torch.zeros(1, 3, 8, 8, 8)
    logits[:, 1] = 30
    assert head._lesion(logits, (4, 4, 4)).max() < 1e-6


def test_the_class_teaches_encoder_and_head_but_not_the_decoder(recipe, patch):
    network = network_of(recipe, seed=1).train()
    network(patch).classes.square().sum().backward()
    taught = {name.split(".")[0] for name, weight in network.named_parameters() if weight.grad is not None}
    assert taught == {"encoder", "head"}
    assert network.encoder.stem.conv.weight.grad.abs().max() > 0


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        (
            "network={name: unet, channels: [4, 8], strides: [2]}",
            "classification needs network.name resenc or plan; unet has no head",
        ),
        ("lesions=[]", "classification tells classes by the lesions, and lesions names no label"),
        ("training.classification.class_weights=[1, 2]", "class_weights must be 3, one of each class"),
        ("classification.names={1: A, 2: B}", "names must be numbered 0, 1, 2"),
    ],
)
def test_recipe_that_cannot_tell_classes_is_refused(recipe, setting, complaint):
    with pytest.raises(InputError, match=complaint):
        override(recipe, [setting])
