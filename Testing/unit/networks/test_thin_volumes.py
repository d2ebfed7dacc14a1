"""Weight gradients in bfloat16 are near those in float32, down to a single slice."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.networks.thin_volumes import train_thin_volumes_exactly


def gradient(convolution: torch.nn.Module, x: torch.Tensor, precision: torch.dtype) -> torch.Tensor:
    convolution.zero_grad()
    torch.full((1 << 18,), 3e38)  # what an unwritten gradient would then be made of
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        answer = convolution(x)
    assert answer.dtype == precision
    (answer.float() * torch.linspace(-1, 1, answer[0, 0].numel()).view_as(answer[0, 0])).sum().backward()
    return convolution.weight.grad.clone()


@pytest.mark.parametrize("slices", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 3])
def test_gradient_in_bfloat16_is_near_that_in_float32(slices, kernel):
    torch.manual_seed(0)
    convolution = torch.nn.Conv3d(32, 32, kernel, padding=kernel // 2, bias=False)
    x = torch.randn(1, 32, slices, 3, 4)
    exact = gradient(convolution, x, torch.float32)
    train_thin_volumes_exactly(convolution)
    for _ in range(8):
        rounded = gradient(convolution, x, torch.bfloat16)
        assert (rounded - exact).abs().max() < 0.02 * exact.abs().max()


def test_names_and_answers_stay():
    network = torch.nn.Sequential(torch.nn.Conv3d(1, 2, 3, padding=1), torch.nn.ReLU())
    before, x = dict(network.state_dict()), torch.randn(1, 1, 2, 4, 4)
    answer = network(x)
    train_thin_volumes_exactly(network)
    assert network.state_dict().keys() == before.keys()
    assert torch.equal(network(x), answer)
