"""The fast PReLU is PReLU."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from LungTumorSegLib.networks.prelu import FastPReLU, use_fast_prelu


@pytest.mark.parametrize("shape", [(1, 2, 3, 3, 3), (3, 7)])
def test_gradients_are_those_of_finite_differences(shape):
    torch.manual_seed(0)
    prelu = FastPReLU().double()
    x = torch.randn(shape, dtype=torch.float64)
    x = (x + 0.1 * x.sign()).requires_grad_()  # away from the corner at 0

    def applied(x, slope):
        return torch.func.functional_call(prelu, {"weight": slope}, (x,))

    assert torch.autograd.gradcheck(applied, (x, prelu.weight))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_network_computes_and_learns_the_same(dtype):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(2, 4, 3), nn.PReLU(), nn.InstanceNorm3d(4), nn.Conv3d(4, 2, 3), nn.PReLU())
    x = torch.randn(2, 2, 12, 12, 12)
    results = []
    for change in (lambda n: n, use_fast_prelu):
        changed = change(network)
        changed.zero_grad()
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            output = changed(x)
        output.float().square().mean().backward()
        results.append([output.detach().float(), *(p.grad.clone() for p in changed.parameters())])
    assert isinstance(network[1], FastPReLU)
    for ours, theirs in zip(*results, strict=True):
        close = {torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
        torch.testing.assert_close(ours, theirs, rtol=close, atol=close * float(theirs.abs().max()))


def test_names_of_weights_stay_and_several_slopes_are_left_alone():
    network = nn.Sequential(nn.PReLU(), nn.Sequential(nn.PReLU(3)))
    names, weights = list(network.state_dict()), list(network.parameters())
    use_fast_prelu(network)
    assert list(network.state_dict()) == names
    assert all(one is other for one, other in zip(network.parameters(), weights, strict=True))
    assert type(network[1][0]) is nn.PReLU


def test_slopes_dtype_and_layout_are_kept_in_inference():
    prelu = FastPReLU().eval()
    x = torch.randn(1, 2, 4, 4, 4)
    with torch.no_grad():
        assert torch.equal(prelu(x), torch.where(x > 0, x, 0.25 * x))
        assert prelu(x).is_contiguous()
