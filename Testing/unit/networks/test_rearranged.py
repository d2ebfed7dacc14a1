"""A rearranged network computes what the network does, channels last throughout, and leaves the network alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from monai.networks.utils import pixelunshuffle
from torch import nn

from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.networks import network_of, rearranged
from LungTumorSegLib.networks.phases import NoPhasesError, Together, in_phases, step_up
from LungTumorSegLib.recipe import load_recipe, override
from support.every_network import NETWORKS, recipe_of

# Wide enough for group normalisation, and the packaged network's kind of last step.
WIDE = {
    "wide unet": "{name: unet, channels: [16, 32, 64], strides: [2, 2], residual_units: 2}",
    "wide unet without units": "{name: unet, channels: [16, 32], strides: [2], residual_units: 0}",
    "wide resenc": "{name: resenc, channels: [16, 32], strides: [2], blocks: [1, 1]}",
    "wide dynunet": "{name: dynunet, channels: [16, 32, 32], strides: [2, 2]}",
}
every_network = pytest.mark.parametrize("name", NETWORKS | WIDE)


def network_and_window(name: str) -> tuple[nn.Module, torch.Tensor]:
    recipe = recipe_of((NETWORKS | WIDE)[name])
    size = recipe.training.patch_size[::-1] if name in NETWORKS else (16, 32, 32)
    # A mean beside zero, as of CT windows: what normalisation finds most difficult.
    window = torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(1)) - 0.5
    return network_of(recipe, seed=0).eval(), window


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.float() - b).norm() / b.norm())


@every_network
@torch.inference_mode()
def test_it_computes_the_same(name):
    network, window = network_and_window(name)
    assert error(rearranged(network)(window), network(window)) < 1e-4


@every_network
@torch.inference_mode()
def test_bfloat16_costs_no_more_digits_than_before(name):
    network, window = network_and_window(name)
    exact, copy = network(window), rearranged(network, "bfloat16")
    with torch.autocast("cpu", torch.bfloat16):
        assert error(copy(window), exact) < 1.5 * error(network(window), exact) + 1e-4


@every_network
def test_the_network_stays_as_it_is(name):
    network, _ = network_and_window(name)
    network.train()
    before = deepcopy(network.state_dict())
    rearranged(network, "bfloat16")
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())
    assert all(torch.equal(weight, before[key]) for key, weight in network.state_dict().items())
    assert not hasattr(network, "memory_format")


@pytest.fixture
def two_threads():
    """On one thread torch computes small convolutions in float32 by ways of its own, without oneDNN."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_every_convolution_of_the_packaged_network_reads_and_writes_channels_last():
    recipe = override(load_recipe("lung-tumor"), ["inference.window_size=[64, 64, 64]"])
    copy, seen = rearranged(network_of(recipe, seed=0)), []

    def look(layer, inputs, output):
        seen.append(layer)
        for tensor in (inputs[0], output):
            assert tensor.is_contiguous(memory_format=torch.channels_last_3d)

    for layer in copy.modules():
        if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
            layer.register_forward_hook(look)
    with torch.inference_mode():
        copy(torch.zeros(2, 2, 64, 64, 64).to(memory_format=copy.memory_format))
    assert len(seen) > 15
    assert min(layer.out_channels for layer in seen) >= 16  # the last step is computed in phases


def test_a_sliding_window_keeps_its_memory_format():
    network, _ = network_and_window("wide unet")
    copy = rearranged(network)
    window = SlidingWindow(window_zyx=(16, 16, 16), overlap=0.5)
    image, device = torch.randn(2, 20, 30, 40, generator=torch.Generator().manual_seed(0)), DeviceChoice("cpu", "test")
    layouts = []
    copy.register_forward_pre_hook(
        lambda _, inputs: layouts.append(inputs[0].is_contiguous(memory_format=torch.channels_last_3d))
    )
    answer = window.run(copy, image, device=device)
    assert set(layouts) == {True}
    kernels = [weight for weight in copy.parameters() if weight.ndim == 5]
    assert all(weight.is_contiguous(memory_format=torch.channels_last_3d) for weight in kernels)
    assert error(answer.probability(), window.run(network, image, device=device).probability()) < 1e-5


def normalisation(channels: int) -> nn.InstanceNorm3d:
    one = nn.InstanceNorm3d(channels, affine=True).eval()
    with torch.no_grad():
        one.weight.copy_(torch.linspace(0.5, 2, channels))
        one.bias.copy_(torch.linspace(-1, 1, channels))
    return one


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv3d(3, 2, 3, padding=1),
        nn.Conv3d(2, 4, 3, padding=1, bias=False),
        normalisation(3),
        nn.Sequential(nn.Conv3d(2, 3, 3, padding=1), nn.InstanceNorm3d(3), nn.PReLU(), nn.Conv3d(3, 1, 3, padding=1)),
    ],
    ids=["convolution", "convolution without bias", "affine normalisation", "a sequence"],
)
@torch.inference_mode()
def test_layers_do_the_same_to_phases(layer):
    channels = next(m for m in layer.modules() if isinstance(m, nn.Conv3d | nn.InstanceNorm3d))
    channels = getattr(channels, "in_channels", None) or channels.num_features
    image = torch.randn(2, channels, 6, 8, 10, generator=torch.Generator().manual_seed(0))
    phases = pixelunshuffle(image, spatial_dims=3, scale_factor=2)
    torch.testing.assert_close(Together()(in_phases(layer)(phases)), layer(image), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_a_step_up_in_phases_is_the_transposed_convolution():
    up = nn.ConvTranspose3d(5, 2, 3, stride=2, padding=1, output_padding=1)
    image = torch.randn(2, 5, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(step_up(up, [])(image), up(image), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv3d(2, 2, 1),
        nn.Conv3d(2, 2, 3, padding=1, stride=2),
        nn.Conv3d(2, 2, 3, padding=1, padding_mode="replicate"),
        nn.Upsample(scale_factor=2),
        nn.Sequential(nn.Conv3d(2, 2, 3, padding=1), nn.BatchNorm3d(2)),
    ],
    ids=str,
)
def test_other_layers_are_refused(layer):
    with pytest.raises(NoPhasesError):
        in_phases(layer)


def test_a_last_step_that_has_no_phases_stays():
    network, window = network_and_window("anisotropic unet")
    with torch.inference_mode():
        assert error(rearranged(network)(window), network(window)) < 1e-5
    assert any(isinstance(m, nn.ConvTranspose3d) and m.out_channels == 3 for m in rearranged(network).modules())
