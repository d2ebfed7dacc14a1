"""The modified 3D U-Net is laid out as Isensee 2017 describes it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from LungTumorSegLib.networks import build_network
from LungTumorSegLib.networks.isensee import ContextModule, Isensee2017
from LungTumorSegLib.recipe.schema import Isensee2017Network

HALVED, IN_PLANE = (2, 2, 2), (1, 2, 2)
PAPER = (16, 32, 64, 128, 256)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def convolution(features_in: int, features: int, kernel: int = 3) -> int:
    """Weights and biases of a convolution."""
    return features_in * features * kernel**3 + features


def normalisation(features: int) -> int:
    """A factor and a summand for each feature."""
    return 2 * features


def parameters_of_the_paper(images: int, classes: int) -> int:
    """Count the parameters by the paper's figure: 16 to 256 features, three outputs."""
    context = 0
    for before, features in zip((images, *PAPER), PAPER, strict=False):
        context += convolution(before, features)
        context += 2 * (normalisation(features) + convolution(features, features)) + normalisation(features)
    upward = 0
    for coarse, fine in zip(PAPER[1:], PAPER, strict=False):
        upward += convolution(coarse, fine) + normalisation(fine)
    for features in (32, 64, 128):
        upward += convolution(2 * features, 2 * features) + normalisation(2 * features)
        upward += convolution(2 * features, features, 1) + normalisation(features)
    upward += convolution(32, 32) + normalisation(32)
    return context + upward + sum(convolution(features, classes, 1) for features in (32, 32, 64))


@pytest.mark.parametrize(("images", "classes"), [(1, 3), (4, 4)])
def test_the_default_has_the_papers_parameters(images, classes):
    network = build_network(Isensee2017Network(name="isensee2017"), images, classes)
    assert sum(weight.numel() for weight in network.parameters()) == parameters_of_the_paper(images, classes)


def test_shapes_of_all_levels_down_and_up():
    network = Isensee2017(1, 3, (4, 8, 16, 32), [IN_PLANE, HALVED, HALVED]).eval()
    shapes = {}
    for name, part in (("down", network.context), ("up", network.localisation)):
        for level, module in enumerate(part):
            module.register_forward_hook(
                lambda _, __, answer, key=(name, level): shapes.update({key: tuple(answer.shape[1:])})
            )
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, 8, 32, 48)).shape == (2, 3, 8, 32, 48)
    assert shapes == {
        ("down", 0): (4, 8, 32, 48),
        ("down", 1): (8, 8, 16, 24),
        ("down", 2): (16, 4, 8, 12),
        ("down", 3): (32, 2, 4, 6),
        ("up", 2): (16, 4, 8, 12),
        ("up", 1): (8, 8, 16, 24),
        ("up", 0): (8, 8, 32, 48),  # nothing is halved on the finest level
    }


def test_the_answer_is_the_sum_of_three_outputs_enlarged_by_repetition():
    network = Isensee2017(1, 2, (4, 8, 16, 32), [HALVED] * 3).eval()
    own = []
    for output in network.outputs:
        output.register_forward_hook(lambda _, __, answer: own.append(answer))
    with torch.inference_mode():
        answer = network(torch.randn(1, 1, 16, 16, 16))
    assert [tuple(one.shape[2:]) for one in own] == [(4,) * 3, (8,) * 3, (16,) * 3]
    expected = sum(
        one.repeat_interleave(factor, 2).repeat_interleave(factor, 3).repeat_interleave(factor, 4)
        for one, factor in zip(own, (4, 2, 1), strict=True)
    )
    torch.testing.assert_close(answer, expected)


def test_a_context_module_adds_to_what_it_is_given_and_activates_before_it_convolves():
    module = ContextModule(4, "leaky_relu", 0.6)
    kinds = [type(part) for part in module.change]
    block = [nn.InstanceNorm3d, nn.LeakyReLU, nn.Conv3d]
    assert kinds == [*block, nn.Dropout3d, *block]
    nn.init.zeros_(module.change[-1].weight)
    nn.init.zeros_(module.change[-1].bias)
    x = torch.randn(1, 4, 4, 4, 4)
    before = x.clone()
    assert torch.equal(module(x), before)
    assert torch.equal(x, before), "what is given stays as it is"


@pytest.mark.parametrize(("activation", "slope"), [("leaky_relu", 0.01), ("relu", 0.0)])
def test_every_activation_is_the_one_asked_for(activation, slope):
    network = Isensee2017(1, 2, (4, 8), [HALVED], activation)
    activations = [module for module in network.modules() if isinstance(module, (nn.ReLU, nn.LeakyReLU))]
    normalisations = [module for module in network.modules() if isinstance(module, nn.InstanceNorm3d)]
    assert len(activations) == len(normalisations) == 8
    minus = torch.tensor([-1.0])
    assert all(module(minus.clone()).item() == pytest.approx(-slope) for module in activations)


def test_dropout_is_in_the_context_modules_alone_and_leaves_out_whole_maps():
    network = Isensee2017(1, 2, (4, 8, 16), [HALVED] * 2, dropout=0.4)
    left_out = [module.p for module in network.modules() if isinstance(module, nn.Dropout3d)]
    assert left_out == [0.4] * 3
    assert Isensee2017Network(name="isensee2017").dropout == 0.6


def test_gradients_in_bfloat16_are_near_those_in_float32_down_to_two_slices():
    """On CPUs that have it, bfloat16 has gone wrong in thin volumes and in batches of one (see thin_volumes.py)."""
    torch.manual_seed(0)
    settings = Isensee2017Network(name="isensee2017", channels=(8, 16, 32), strides=(2, 2), dropout=0)
    network = build_network(settings, 1, 3).train()
    image = torch.randn(1, 1, 8, 16, 16).contiguous(memory_format=torch.channels_last_3d)
    label = (image[:, 0] > 0).long()

    def gradients(enabled: bool) -> dict[str, torch.Tensor]:
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            answer = network(image)
        torch.nn.functional.cross_entropy(answer.float(), label).backward()
        return {name: weight.grad.clone() for name, weight in network.named_parameters()}

    exact, rounded, again = gradients(False), gradients(True), gradients(True)
    largest = max(gradient.norm() for gradient in exact.values())
    for name, gradient in exact.items():
        assert torch.equal(rounded[name], again[name]), f"{name} holds what lay in memory before"
        # Rounding adds up over the layers to a third; a bias before a normalisation has a gradient of rounding alone.
        error = (rounded[name] - gradient).norm()
        assert error < 0.5 * gradient.norm() + 1e-3 * largest, f"{name}: {error:.3g} of {gradient.norm():.3g}"
