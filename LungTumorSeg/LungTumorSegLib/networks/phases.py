"""The last step up of a network, computed on the coarser grid.

A network with one lesion ends in two channels on the finest grid, and for so few oneDNN's convolutions leave most of a
processor's lanes idle. Every second voxel along each axis makes eight coarse grids ("phases") of the fine one, so the
same two channels are sixteen on the coarser grid, and every layer there has an equal on these: a transposed
convolution of stride 2 becomes a plain one (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional
layer?"), and the phases are put together once, at the end.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

PHASES = 8
POINTWISE = (nn.Identity, nn.Dropout, nn.ReLU, nn.LeakyReLU)


class NoPhasesError(ValueError):
    """A layer that has no equal on the phases here."""


class Together(nn.Module):
    """Put phases together: (N, 8 C, z, y, x) to (N, C, 2z, 2y, 2x)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Interleave them."""
        from monai.networks.utils import pixelshuffle

        return pixelshuffle(x, spatial_dims=3, scale_factor=2)


def step_up(up: nn.ConvTranspose3d, then: list[nn.Module]) -> nn.Module:
    """Return what gives the same as a transposed convolution and the modules that follow it.

    Parameters
    ----------
    up : torch.nn.ConvTranspose3d
        Doubles the grid: kernel 3, stride 2, padding 1, output padding 1.
    then : list of torch.nn.Module
        Of convolutions, instance normalisation, and what works on each voxel alone.

    Raises
    ------
    NoPhasesError
        Another layer is among them.
    """
    return nn.Sequential(*_doubled(up), *(in_phases(module) for module in then), Together())


def in_phases(module: nn.Module) -> nn.Module:
    """Return what does to the phases (N, 8 C, z, y, x) that which the module does to (N, C, 2z, 2y, 2x).

    Phases of a channel follow one another, x fastest.
    """
    if isinstance(module, nn.Conv3d):
        return _convolution(module)
    if isinstance(module, nn.InstanceNorm3d) and not module.track_running_stats:
        return _normalisation(module)
    if isinstance(module, POINTWISE) or (isinstance(module, nn.PReLU) and module.num_parameters == 1):
        return module
    if not isinstance(module, nn.Sequential | _residual_unit()):
        raise NoPhasesError(type(module).__name__)
    copy = deepcopy(module)
    for name, child in module.named_children():
        setattr(copy, name, in_phases(child))
    return copy


def _residual_unit() -> type[nn.Module]:
    from monai.networks.blocks import ResidualUnit

    return ResidualUnit


def _doubled(up: nn.ConvTranspose3d) -> list[nn.Module]:
    geometry = up.kernel_size, up.stride, up.padding, up.output_padding, up.dilation, (up.groups,) * 3
    if geometry != tuple((n,) * 3 for n in (3, 2, 1, 1, 1, 1)):
        raise NoPhasesError(f"a transposed convolution of kernel {up.kernel_size} and stride {up.stride}")
    # Voxel 2i + a takes input i + d by the kernel's tap a + 1 - 2d.
    taps = torch.zeros(2, 2, 3)
    for phase, ahead in ((0, 0), (1, 0), (1, 1)):
        taps[phase, ahead, phase + 1 - 2 * ahead] = 1
    weight = torch.einsum("iotuv,apt,bqu,crv->oabcipqr", up.weight.detach(), taps, taps, taps)
    plain = _plain(weight.reshape(-1, up.in_channels, 2, 2, 2), up.bias)
    return [nn.ConstantPad3d((0, 1) * 3, 0.0), plain]


def _convolution(of: nn.Conv3d) -> nn.Conv3d:
    geometry = of.kernel_size, of.stride, of.padding, of.dilation, (of.groups,) * 3
    if geometry != tuple((n,) * 3 for n in (3, 1, 1, 1, 1)) or of.padding_mode != "zeros":
        raise NoPhasesError(f"a convolution of kernel {of.kernel_size} and stride {of.stride}")
    # Voxel 2i + a takes, by tap t, voxel 2i + a + t - 1 = 2 (i + d - 1) + b: phase b of the coarse voxel i + d - 1.
    taps = torch.zeros(2, 2, 3, 3)
    for phase in range(2):
        for tap in range(3):
            coarse, other = divmod(phase + tap - 1, 2)
            taps[phase, other, coarse + 1, tap] = 1
    weight = torch.einsum("oituv,adpt,bequ,cfrv->oabcidefpqr", of.weight.detach(), taps, taps, taps)
    return _plain(weight.reshape(PHASES * of.out_channels, -1, 3, 3, 3), of.bias, padding=1)


def _plain(weight: torch.Tensor, bias: torch.Tensor | None, padding: int = 0) -> nn.Conv3d:
    """Build a convolution with this weight, and a bias that is the same for all phases of a channel."""
    outputs, inputs, *kernel = weight.shape
    convolution = nn.Conv3d(inputs, outputs, kernel, padding=padding, bias=bias is not None)
    with torch.no_grad():
        convolution.weight.copy_(weight)
        if bias is not None:
            convolution.bias.copy_(bias.repeat_interleave(PHASES))
    return convolution


def _normalisation(of: nn.InstanceNorm3d) -> nn.GroupNorm:
    """All voxels of a channel are those of its phases: a group."""
    normalisation = nn.GroupNorm(of.num_features, PHASES * of.num_features, of.eps, of.affine)
    if of.affine:
        with torch.no_grad():
            normalisation.weight.copy_(of.weight.repeat_interleave(PHASES))
            normalisation.bias.copy_(of.bias.repeat_interleave(PHASES))
    return normalisation
