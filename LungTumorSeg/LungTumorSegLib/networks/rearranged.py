"""A copy of a network that computes the same in less time, for inference on a CPU.

Convolutions read and write channels last, which is how oneDNN computes them; weights are put into that order, and into
the precision, once and not at each call; and a step up to few channels is computed in phases (`phases`). That saves a
third of the packaged network's time. Results differ by rounding: group normalisation keeps five digits in float32.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn
from torch.nn import functional as F

from .phases import NoPhasesError, step_up

CHANNELS_LAST = torch.channels_last_3d
# With fewer channels, or fewer voxels, torch's group normalisation takes up to a hundred times as long channels last.
FEWEST_CHANNELS = 16
FEWEST_VOXELS = 1024
FEW_OUTPUTS = 4


def rearranged(network: nn.Module, precision: str = "float32") -> nn.Module:
    """Return a rearranged copy, for evaluation only; the network stays as it is.

    Parameters
    ----------
    network : torch.nn.Module
        Maps (N, C, z, y, x) to logits (N, K, z, y, x).
    precision : str
        Of the convolutions, as torch names it; where it is not ``float32`` the copy is for use under autocast.

    Returns
    -------
    torch.nn.Module
        Of the same class and methods. Its ``memory_format`` says how its input should lie in memory.
    """
    copy = deepcopy(network).eval().requires_grad_(False)
    _compute_in_phases(copy)
    for parent in list(copy.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.InstanceNorm3d) and not child.track_running_stats:
                setattr(parent, name, ChannelsLastInstanceNorm(child))
            elif isinstance(child, nn.Conv3d | nn.ConvTranspose3d):
                child.to(getattr(torch, precision), memory_format=CHANNELS_LAST)
    copy.memory_format = CHANNELS_LAST
    return copy


class ChannelsLastInstanceNorm(nn.Module):
    """Instance normalisation whose answer lies channels last as its input does.

    Where it is quick this is group normalisation with a group for each channel, the same arithmetic: torch's instance
    normalisation turns the memory round.
    """

    def __init__(self, of: nn.InstanceNorm3d):
        super().__init__()
        self.channels, self.eps = of.num_features, of.eps
        self.weight, self.bias = of.weight, of.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise (N, C, z, y, x)."""
        if self.channels >= FEWEST_CHANNELS and x[0, 0].numel() >= FEWEST_VOXELS:
            return F.group_norm(x, self.channels, self.weight, self.bias, self.eps)
        normalised = F.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)
        return normalised.contiguous(memory_format=CHANNELS_LAST)


def _compute_in_phases(network: nn.Module) -> None:
    """Put `phases.step_up` in the place of steps up to few channels, and of what follows them, in place."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            first, *then = _in_order(child)
            if isinstance(first, nn.ConvTranspose3d) and first.out_channels <= FEW_OUTPUTS:
                try:
                    setattr(parent, name, step_up(first, then))
                except NoPhasesError:
                    continue


def _in_order(module: nn.Module) -> list[nn.Module]:
    """List what a module does first, and then; the module itself, if it is no sequence."""
    if not isinstance(module, nn.Sequential) or not len(module):
        return [module]
    first, *then = module.children()
    return [*_in_order(first), *then]
