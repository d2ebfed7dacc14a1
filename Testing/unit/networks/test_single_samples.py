"""Instance normalisation of one sample: its gradient is right in whatever memory format it comes back."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.networks.single_samples import InstanceNorm3d
from support.training import small_run


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_gradient_does_not_depend_on_the_memory_format(count, memory_format):
    torch.manual_seed(0)
    x, gradient = torch.randn(count, 4, 6, 7, 8), torch.randn(count, 4, 6, 7, 8)
    exact = x.double().requires_grad_()
    InstanceNorm3d(4)(exact).backward(gradient.double())
    given = x.clone().requires_grad_()
    InstanceNorm3d(4)(given).backward(gradient.contiguous(memory_format=memory_format))
    assert torch.allclose(given.grad, exact.grad.float(), atol=1e-5)


def test_network_as_it_is_trained_has_the_same_gradients_for_two_samples_and_for_each_alone(tmp_path):
    network = small_run(tmp_path / "run").network
    torch.manual_seed(0)
    x = torch.randn(2, 2, 16, 16, 16)

    def gradients(inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        network.zero_grad()
        logits = torch.cat([network(one.to(memory_format=torch.channels_last_3d)) for one in inputs])
        (logits[:, 0] ** 2 * logits[:, 1]).mean().backward()
        return [parameter.grad.clone() for parameter in network.parameters()]

    together, apart = gradients([x]), gradients([x[:1], x[1:]])
    for one, other in zip(together, apart, strict=True):
        assert torch.allclose(one, other, atol=1e-5)
