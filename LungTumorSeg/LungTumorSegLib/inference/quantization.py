"""Convolutions in int8 on the CPU, quantised dynamically: weights once, what comes in by its own range at each call.

Weights lie in -127..127 with a scale for each output channel, inputs in 0..255 with scale and zero point from their
smallest and largest value, so no calibration scans are needed. oneDNN multiplies and adds the integers and gives back
floats. Normalisation, activation, transposed convolutions and linear layers stay in the precision of the device.

The dynamic convolutions of ``torch.ao.nn.quantized`` are not used: they round the output to the *input's* range, and
whatever is larger is cut off (PyTorch 2.13). The operator used here is that of torch.compile's int8 networks.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ..errors import InputError
from ..wording import counted
from .device import DeviceChoice

INT8 = 127  # weights are symmetric
FEWEST_CHANNELS = 8  # with fewer, in or out, float is as fast; and the first and last layers lose most by rounding
PIECE = 1 << 13  # voxels
LARGEST_ERROR = 0.05  # of the trial convolution, relative; it is 0.01 where the processor computes rightly


@dataclass(frozen=True)
class Quantization:
    """What of a network is computed in int8.

    Attributes
    ----------
    quantized : int
        Convolutions in int8.
    weights_share : float
        Share of the network's parameters that they hold.
    kept : dict of str to int
        How many layers stay in float, by their kind.
    levels : int
        Of an input: 255, or 127 on processors whose 16-bit sums of products could overflow.
    """

    quantized: int
    weights_share: float
    kept: dict[str, int]
    levels: int

    def describe(self) -> str:
        """Return one line for the report."""
        said = f"{counted(self.quantized, 'convolution')} in int8 ({self.weights_share:.0%} of the weights)"
        if self.kept:
            said += f"; in float: {', '.join(f'{kind} ({number})' for kind, number in self.kept.items())}"
        return said


class Int8Conv3d(nn.Module):
    """A 3D convolution in int8 in the place of a float one; for inference only.

    Parameters
    ----------
    convolution : torch.nn.Conv3d
        Padded with zeros.
    levels : int
        See `Quantization`.
    """

    def __init__(self, convolution: nn.Conv3d, levels: int):
        super().__init__()
        weight = convolution.weight.detach().float()
        # A channel of zeros needs a scale, too.
        scale = (weight.abs().amax(dim=(1, 2, 3, 4)) / INT8).clamp(min=torch.finfo(torch.float32).tiny)
        integers = (weight / scale[:, None, None, None, None]).round().to(torch.int8)
        self.geometry = [list(convolution.stride), list(convolution.padding), list(convolution.dilation)]
        self.geometry.append(convolution.groups)
        # Scale and zero point of the input matter to the packing of static quantisation only.
        self.packed = torch.ops.onednn.qconv_prepack(integers, scale, 1.0, 0, *self.geometry, None)
        self.scale, self.zero = scale, torch.zeros(len(scale), dtype=torch.int32)
        self.bias = None if convolution.bias is None else convolution.bias.detach().float()
        self.levels = levels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve (N, C, z, y, x); the answer has the precision of any other convolution here."""
        reduced = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if reduced else torch.float32
        # Each sample by its own range: what a window gives must not depend on those computed along with it.
        outputs = [self._convolve(sample, dtype) for sample in x.split(1)]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _convolve(self, sample: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        low, high = (float(bound) for bound in torch.aminmax(sample))
        if not math.isfinite(high - low):
            raise FloatingPointError("what comes into a convolution in int8 is not finite")
        low, high = min(low, 0.0), max(high, 0.0)  # the padding's zero must be a level
        step = max((high - low) / self.levels, torch.finfo(torch.float32).tiny)
        zero = min(round(-low / step), self.levels)
        integers = _integers(sample, step, zero, self.levels)
        output = torch.ops.onednn.qconv3d_pointwise(
            *(integers, step, zero), *(self.packed, self.scale, self.zero, self.bias), *self.geometry,
            *(1.0, 0, dtype), *("none", [], ""),
        )  # fmt: skip
        return _channels_first(output)


def _integers(sample: torch.Tensor, step: float, zero: int, levels: int) -> torch.Tensor:
    """Round (1, C, z, y, x) to levels, uint8, channels last, as oneDNN's integer kernels want them.

    Piece by piece, so that what lies between float and integer stays in the processor's cache.
    """
    rows = sample.contiguous().view(sample.shape[1], -1)
    integers = torch.empty_like(sample, dtype=torch.uint8, memory_format=torch.channels_last_3d)
    columns = integers.permute(0, 2, 3, 4, 1).view(-1, sample.shape[1])
    for start in range(0, len(columns), PIECE):
        piece = rows[:, start : start + PIECE].to(torch.float32, copy=True).mul_(1 / step).add_(zero).round_()
        columns[start : start + PIECE] = piece.clamp_(0, levels).to(torch.uint8).t()
    return integers


def _channels_first(output: torch.Tensor) -> torch.Tensor:
    """Bring (1, C, z, y, x) from channels last to the usual order; as a matrix, which torch transposes in blocks."""
    if output.is_contiguous():
        return output
    usual = torch.empty_like(output, memory_format=torch.contiguous_format)
    usual.view(output.shape[1], -1).copy_(output.permute(0, 2, 3, 4, 1).reshape(-1, output.shape[1]).t())
    return usual


def quantize(network: nn.Module, device: DeviceChoice) -> Quantization:
    """Put int8 convolutions in the place of the float ones, in place.

    Raises
    ------
    InputError
        The network runs on a GPU, this processor or PyTorch cannot do it, or nothing in the network can be quantised.
        The network is then as it was.
    """
    obstacle = "the network runs on a GPU" if device.is_cuda else int8_obstacle()
    if obstacle is not None:
        raise InputError(f"int8 is for the CPU, and cannot be used: {obstacle}", "inference.quantization", _do(device))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    chosen = [
        (parent, name, child)
        for parent in network.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Conv3d) and _worthwhile(child)
    ]
    if not chosen:
        raise InputError(
            f"no convolution of this network has {FEWEST_CHANNELS} channels or more in and out",
            "inference.quantization",
            "leave it out",
        )
    levels = input_levels()
    for parent, name, child in chosen:
        setattr(parent, name, Int8Conv3d(child, levels))
    share = sum(child.weight.numel() for *_, child in chosen) / parameters
    kept = Counter(_KINDS[kind] for m in network.modules() for kind in _KINDS if isinstance(m, kind))
    return Quantization(len(chosen), share, dict(kept), levels)


_KINDS = {
    nn.Conv3d: "convolutions with few channels",
    nn.ConvTranspose3d: "transposed convolutions",
    nn.Linear: "linear layers",
}


def _do(device: DeviceChoice) -> str:
    return "use --device cpu, or leave it out" if device.is_cuda else "leave it out"


def _worthwhile(convolution: nn.Conv3d) -> bool:
    fewest = min(convolution.in_channels, convolution.out_channels) // convolution.groups
    return fewest >= FEWEST_CHANNELS and convolution.padding_mode == "zeros" and convolution.padding != "same"


def int8_obstacle() -> str | None:
    """Say why int8 convolutions cannot be computed here, or return None where a small one comes out right."""
    if not hasattr(torch.ops.onednn, "qconv3d_pointwise"):
        return f"this PyTorch ({torch.__version__}) lacks oneDNN's quantised convolutions"
    generator = torch.Generator().manual_seed(0)
    trial = nn.Conv3d(FEWEST_CHANNELS, FEWEST_CHANNELS, 3, padding=1).requires_grad_(False)
    trial.weight.copy_(torch.randn(trial.weight.shape, generator=generator))
    tile = torch.randn(1, FEWEST_CHANNELS, 4, 4, 4, generator=generator)
    try:
        with torch.autocast("cpu", enabled=False):
            wrong = (Int8Conv3d(trial, input_levels())(tile) - trial(tile)).norm() / trial(tile).norm()
    except (RuntimeError, NotImplementedError) as error:
        return f"this processor does not compute it ({str(error).splitlines()[0]})"
    return None if wrong < LARGEST_ERROR else f"this processor computes it wrongly (off by {float(wrong):.0%})"


def input_levels() -> int:
    """Return how finely inputs may be rounded.

    Without VNNI, processors add pairs of 8-bit products in 16 bits, which overflow if both factors use all 8.
    """
    listing = Path("/proc/cpuinfo")
    flags = set(listing.read_text(encoding="utf-8", errors="replace").split()) if listing.exists() else set()
    return 255 if flags & {"avx512_vnni", "avx_vnni"} else 127
