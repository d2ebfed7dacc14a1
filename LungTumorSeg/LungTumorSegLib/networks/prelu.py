"""PReLU whose gradient a CPU computes several times as fast as torch's own; a step of training takes a sixth less."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def use_fast_prelu(network: nn.Module) -> nn.Module:
    """Put `FastPReLU` in the place of every PReLU of ``network`` that has one slope; the weights stay the same."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.PReLU and child.num_parameters == 1:
                fast = FastPReLU()
                fast.weight = child.weight
                setattr(module, name, fast)
    return network


class FastPReLU(nn.PReLU):
    """PReLU of one slope; torch's own wherever no gradient is computed, and on a GPU."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply what is negative by the slope."""
        if x.is_cuda or not torch.is_grad_enabled():
            return super().forward(x)
        if x.ndim == 5:  # the convolution that follows wants it so; and gradients come back so
            x = x.contiguous(memory_format=torch.channels_last_3d)
        return _PReLU.apply(x, self.weight)


class _PReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, slope)
        return F.prelu(x, slope.to(x.dtype))

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, slope = ctx.saved_tensors
        if x.ndim == 5:
            gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        # For a slope that is a number this is the gradient of a leaky ReLU, which torch computes in vectors.
        of_x = torch.ops.aten.leaky_relu_backward(gradient, x, float(slope), False)
        of_slope = (gradient * x.clamp(max=0)).sum(dtype=slope.dtype)
        return of_x, of_slope.reshape(slope.shape)
