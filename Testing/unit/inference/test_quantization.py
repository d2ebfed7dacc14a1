"""Int8 on the CPU: near to float, the same whatever else is computed, and refused where it cannot be."""

from __future__ import annotations

import platform

import pytest
import torch
from torch import nn

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.quantization import Int8Conv3d, input_levels, int8_obstacle, quantize
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.networks import build_network
from LungTumorSegLib.networks.build import Head
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Classification

CPU = DeviceChoice("cpu", "a test")
X86 = platform.machine().lower() in ("x86_64", "amd64")
pytestmark = pytest.mark.skipif(not X86, reason="oneDNN's integer convolutions are for x86")


def test_an_x86_processor_computes_it():
    assert int8_obstacle() is None


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.float() - b.float()).norm() / b.float().norm())


def convolution(*arguments, **options) -> nn.Conv3d:
    torch.manual_seed(1)
    return nn.Conv3d(*arguments, **options).requires_grad_(False)


@pytest.mark.parametrize(
    "of",
    [
        convolution(16, 24, 3, padding=1),
        convolution(16, 8, 3, stride=2, padding=1, bias=False),
        convolution(8, 16, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
        convolution(16, 16, 3, padding=2, dilation=2),
        convolution(16, 32, 1),
        convolution(16, 32, 3, padding=1, groups=2),
    ],
    ids=str,
)
@pytest.mark.parametrize("offset", [0.0, 2.5], ids=["signed", "positive"])
def test_a_convolution_is_near_to_that_in_float(of, offset):
    tile = noise(1, of.in_channels, 9, 10, 11).abs() * 0.5 + offset if offset else noise(1, of.in_channels, 9, 10, 11)
    quantised, before = Int8Conv3d(of, input_levels()), tile.clone()
    assert quantised(tile).shape == of(tile).shape
    assert quantised(tile).is_contiguous()
    assert error(quantised(tile), of(tile)) < 0.02
    assert not torch.equal(quantised(tile), of(tile)), "something was rounded"
    assert torch.equal(tile, before), "what came in is left as it was"


def test_what_a_sample_gives_does_not_depend_on_the_batch():
    quantised = Int8Conv3d(convolution(8, 8, 3, padding=1), input_levels())
    small, large = noise(1, 8, 6, 6, 6), 100 * noise(1, 8, 6, 6, 6, seed=2)
    together = quantised(torch.cat([small, large]))
    assert torch.equal(together, torch.cat([quantised(small), quantised(large)]))


def test_constant_input_and_empty_channels_are_no_exception():
    of = convolution(8, 8, 3, padding=1)
    of.weight[3] = 0
    quantised = Int8Conv3d(of, input_levels())
    assert torch.equal(quantised(torch.zeros(1, 8, 4, 4, 4)), of(torch.zeros(1, 8, 4, 4, 4)))
    assert error(quantised(torch.full((1, 8, 4, 4, 4), 3.0)), of(torch.full((1, 8, 4, 4, 4), 3.0))) < 0.02


def test_what_is_not_finite_is_an_error():
    quantised = Int8Conv3d(convolution(8, 8, 3, padding=1), input_levels())
    for wrong in (float("nan"), float("inf"), float("-inf")):
        tile = noise(1, 8, 4, 4, 4)
        tile[0, 3, 2, 2, 2] = wrong
        with pytest.raises(FloatingPointError, match="not finite"):
            quantised(tile)


def test_the_answer_has_the_precision_of_the_device():
    quantised = Int8Conv3d(convolution(8, 8, 3, padding=1), input_levels())
    tile = noise(1, 8, 5, 5, 5)
    assert quantised(tile).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert quantised(tile).dtype == torch.bfloat16
        assert quantised(tile.bfloat16()).dtype == torch.bfloat16


SMALLER = {
    "lung-tumor": ["network.channels=[8, 16, 32]", "network.strides=[2, 2]"],
    "lung-tumor-resenc": [
        "network.channels=[8, 16, 32]",
        "network.strides=[2, 2]",
        "network.blocks=[1, 2, 2]",
        "network.deep_supervision=false",
    ],
    "pancreas-3d": ["network.channels=[8, 16, 32]", "network.strides=[2, 2]"],
    "lungs-2d": [],
}


@pytest.mark.parametrize("name", SMALLER)
def test_every_kind_of_network_is_quantised_and_what_is_not_is_said(name):
    recipe = override(load_recipe(name), SMALLER[name])
    torch.manual_seed(0)
    network = build_network(recipe.network, 1, 2).eval()
    tile = noise(1, 1, 1 if name == "lungs-2d" else 16, 32, 32).clamp(-1, 1)
    with torch.inference_mode():
        exact = network(tile)
        found = quantize(network, CPU)
        rounded = network(tile)
    assert found.quantized == sum(isinstance(module, Int8Conv3d) for module in network.modules()) >= 4
    assert 0.5 < found.weights_share <= 1
    assert found.kept == {
        said: sum(isinstance(module, kind) for module in network.modules())
        for kind, said in (
            (nn.Conv3d, "convolutions with few channels"),
            (nn.ConvTranspose3d, "transposed convolutions"),
        )
        if any(isinstance(module, kind) for module in network.modules())
    }
    assert f"{found.quantized} convolutions in int8" in found.describe()
    assert 0 < error(rounded, exact) < 0.25, "random weights agree with nothing, so every rounding shows"


def test_a_head_still_classifies():
    recipe = override(load_recipe("lung-tumor-resenc"), SMALLER["lung-tumor-resenc"])
    torch.manual_seed(0)
    head = Head(Classification(names={0: "A", 1: "B", 2: "C"}), (2,))
    network = build_network(recipe.network, 1, 3, head).eval()
    tile = noise(1, 1, 16, 32, 32)
    with torch.inference_mode():
        exact = network.classify(tile)
        quantize(network, CPU)
        assert error(network.classify(tile), exact) < 0.25


def test_the_sliding_window_runs_it_with_any_batch_size():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv3d(8, 8, 3, padding=1)).eval()
    image = noise(1, 12, 20, 28)
    exact = SlidingWindow((8, 8, 8), 0.5).run(network, image, device=CPU).logits
    assert quantize(network, CPU).quantized == 1
    one, four = (SlidingWindow((8, 8, 8), 0.5, batch_size=n).run(network, image, device=CPU).logits for n in (1, 4))
    assert torch.allclose(one, four, atol=1e-5)
    assert error(one, exact) < 0.02


def test_it_is_refused_where_it_cannot_be_and_nothing_is_changed():
    with pytest.raises(InputError, match=r"int8 is for the CPU.*runs on a GPU.*use --device cpu"):
        quantize(nn.Conv3d(8, 8, 3), DeviceChoice("cuda:0", "a test"))
    thin = nn.Sequential(nn.Conv3d(1, 4, 3), nn.Conv3d(4, 2, 3))
    with pytest.raises(InputError, match="no convolution of this network has 8 channels"):
        quantize(thin, CPU)
    assert [type(module) for module in thin] == [nn.Conv3d, nn.Conv3d]
