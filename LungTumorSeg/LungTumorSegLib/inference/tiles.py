"""Windows cut out of an image, and a network's answer to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import torch
from torch.nn import functional as F

from .device import DeviceChoice
from .windows import Window, WindowGrid

Network = Callable[[torch.Tensor], torch.Tensor]

Padding = float | tuple[float, ...] | None
"""What stands beside an image: one value, one of each channel, or that of the image's nearest voxel (None)."""


def cut(
    image: torch.Tensor,
    windows: Sequence[Window],
    grid: WindowGrid,
    device: DeviceChoice,
    padding: Padding,
    layout: torch.memory_format,
) -> torch.Tensor:
    """Copy windows out of the image (C, z, y, x) to the device: (batch, C, *window), float32, laid out so."""
    tiles = torch.stack([image[(slice(None), *window.image)] for window in windows])
    tiles = tiles.to(device.device, torch.float32, memory_format=layout)
    return tiles if tiles.shape[2:] == grid.size else _padded(tiles, grid, padding)


def _padded(tiles: torch.Tensor, grid: WindowGrid, padding: Padding) -> torch.Tensor:
    """Extend (batch, C, z, y, x) on both sides to the size of a window."""
    (z0, z1), (y0, y1), (x0, x1) = grid.padding
    around = (x0, x1, y0, y1, z0, z1)
    if padding is None:
        return F.pad(tiles, around, mode="replicate")
    values = padding if isinstance(padding, tuple) else (padding,)
    if len(set(values)) == 1:
        return F.pad(tiles, around, value=values[0])
    channels = zip(tiles.split(1, dim=1), values, strict=True)
    return torch.cat([F.pad(channel, around, value=value) for channel, value in channels], dim=1)


def answer(network: Network, tiles: torch.Tensor, mirror_axes: tuple[int, ...]) -> torch.Tensor:
    """Compute logits (batch, K, *window), averaged over all flips along ``mirror_axes`` (0, 1, 2: zyx)."""
    output = network(tiles)
    if output.shape[2:] != tiles.shape[2:]:
        raise ValueError(f"the network turned windows of {tuple(tiles.shape)} into {tuple(output.shape)}")
    flips = [[axis + 2 for axis in axes] for axes in _subsets(mirror_axes)]
    if not flips:
        return output
    output = output.float()
    for axes in flips:
        output += network(tiles.flip(axes)).flip(axes)
    return output / (len(flips) + 1)


def _subsets(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """List all non-empty subsets of ``axes``."""
    return [subset for n in range(1, len(axes) + 1) for subset in combinations(axes, n)]


def relative_to_background(logits: torch.Tensor) -> torch.Tensor:
    """Subtract channel 0 from the others: (batch, K, z, y, x) to (batch, K - 1, z, y, x), float32."""
    if logits.shape[1] < 2:
        raise ValueError("logits relative to the background need a network with a background channel")
    logits = logits.float()  # a difference of rounded numbers would be rounded once more
    return logits[:, 1:] - logits[:, :1]


def memory_format(network: Network, device: DeviceChoice) -> torch.memory_format:
    """Return how tiles and kernels lie in memory: as the network says by ``memory_format``, or as suits the device."""
    # Channels last is what tensor cores read. On CPUs instance normalisation turns it round, unless it was rearranged.
    usual = torch.channels_last_3d if device.is_cuda else torch.contiguous_format
    return getattr(network, "memory_format", usual)


def arrange(network: torch.nn.Module, layout: torch.memory_format) -> None:
    """Give the kernels of 3D convolutions this memory format; `torch.nn.Module.to` would refuse 2D ones."""
    for parameter in network.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.contiguous(memory_format=layout)
