"""A network over an image larger than itself, window by window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch.nn import functional as F

from ..errors import InputError, MemoryShortageError
from ..progress import Progress, silent
from ..volume.boxes import bounding_box
from .blending import BlendedSum, importance_map
from .device import DeviceChoice
from .result import WindowedResult
from .windows import Triple, Window, WindowGrid

logger = logging.getLogger(__name__)

Network = Callable[[torch.Tensor], torch.Tensor]

Watch = Callable[[BlendedSum], None]
"""Called with the sums so far, to look at them: they go on growing."""


def look_away(total: BlendedSum) -> None:
    """Watch nothing; the default."""


# On a GPU a single window leaves most of the processors idle; on a CPU more than one only costs memory.
GPU_BATCH_SIZE = 4


@dataclass(frozen=True)
class SlidingWindow:
    """How a network is moved over an image.

    Parameters
    ----------
    window_zyx : tuple of int, zyx
        Size of the window in voxels; what the network is given.
    overlap : float
        Part of the window that neighbours share along each axis; 0 <= overlap < 1.
    blending : {"gaussian", "constant", "centre"}
        Weight of a window's voxels in the mean, see `blending.importance_map`; with ``centre`` each voxel is left to
        the one window whose centre is nearest, so that no window's border shows.
    sigma_scale : float
        Standard deviation of the Gaussian as a part of the window's size.
    batch_size : int, optional
        Windows that the network is given at once; by default one on the CPU and `GPU_BATCH_SIZE` on a GPU.
    mirror_axes : tuple of int, zyx
        Axes (0, 1, 2) along which each window is also flipped; the outputs of all 2**n flips are averaged.
    padding_value : float, tuple of float, or None
        What stands beside an image that is smaller than the window (the prepared intensity of air): one value, one of
        each channel, or, where it is None, that of the nearest voxel of the image.
    relative : bool
        Hold logits relative to the background's (channel 0), one channel fewer. Softmax probabilities and labels
        are the same, because blending is linear and softmax sees differences only.
    """

    window_zyx: Triple
    overlap: float = 0.5
    blending: str = "gaussian"
    sigma_scale: float = 0.125
    batch_size: int | None = None
    mirror_axes: tuple[int, ...] = ()
    padding_value: float | tuple[float, ...] | None = 0.0
    relative: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise InputError(f"the overlap of windows is {self.overlap:g}", do="use a number from 0 to below 1")
        if len(self.window_zyx) != 3 or min(*self.window_zyx, self.batch_size or 1) < 1:
            raise ValueError(f"window {self.window_zyx} (zyx), batch size {self.batch_size}: all must be positive")

    def run(
        self,
        network: Network,
        image: torch.Tensor,
        *,
        device: DeviceChoice,
        region: np.ndarray | None = None,
        accumulate_on: str = "device",
        progress: Progress = silent,
        watch: Watch = look_away,
    ) -> WindowedResult:
        """Run the network over every window that holds a voxel of the region.

        Inside the region the result is exactly that of all windows; outside it is background. When a GPU's memory
        does not suffice, the work starts again with one window at a time, then with the sums in main memory; this is
        logged and stands in the result's ``notes``.

        Parameters
        ----------
        network : torch.nn.Module or callable
            Maps (batch, C, *window) to logits (batch, K, *window). A module is moved to the device, put into
            evaluation mode and put back into its former mode.
        image : Tensor of shape (C, z, y, x)
            The prepared image, on any device.
        device : DeviceChoice
            Where, and in which precision, the network is computed.
        region : bool ndarray, zyx, optional
            Where an answer is wanted; everywhere by default.
        accumulate_on : {"device", "cpu"}
            Where the sums are held.
        progress : callable
            Called as ``progress("network", fraction)`` before the first window and after each (each batch of them).
        watch : callable
            Called with the `BlendedSum` after each window (each batch of them).

        Raises
        ------
        MemoryShortageError
            The GPU's memory does not suffice for a single window.
        FloatingPointError
            The network's output held NaN or infinity.
        """
        image = torch.as_tensor(image)
        if image.ndim != 4:
            raise ValueError(f"the image has shape {tuple(image.shape)}; (channels, z, y, x) is expected")
        centres = self.blending == "centre"
        grid = WindowGrid.over(tuple(image.shape[1:]), self.window_zyx, self.overlap, centres)
        region = None if region is None else np.asarray(region, dtype=bool)
        if region is not None and region.shape != grid.shape:
            raise ValueError(f"a region of shape {region.shape} for an image of shape {grid.shape} (zyx)")
        windows = grid.windows(region)
        if not windows:
            return WindowedResult.nothing(grid)
        box = bounding_box(region) if region is not None else tuple(slice(0, n) for n in grid.shape)

        notes: list[str] = []
        for batch_size, held_on in self._attempts(device, accumulate_on):
            try:
                with self._ready(network, device):
                    total = self._blend(
                        network, image, grid, windows, box, batch_size, device, held_on, progress, watch
                    )
                break
            except torch.OutOfMemoryError:
                note = f"{device.device} ran out of memory with batch size {batch_size} and sums on {held_on}"
                logger.warning("%s", note)
                notes.append(note)
            # Outside "except": until then the traceback holds the tensors.
            if device.is_cuda:
                torch.cuda.empty_cache()
        else:
            raise MemoryShortageError(
                "the memory of the GPU does not suffice for one window",
                device.device,
                "close other programs that use it, or use --device cpu",
            )
        has_background = total.values.shape[0] > 1 and not self.relative
        result = WindowedResult(total.mean(), box, grid.shape, has_background, len(windows), grid.total, tuple(notes))
        if region is not None:
            result.set_background(~region[box])
        return result

    def _attempts(self, device: DeviceChoice, accumulate_on: str) -> list[tuple[int, str]]:
        """List batch sizes and where the sums are held, each needing less of the GPU's memory than the one before."""
        if accumulate_on not in ("device", "cpu"):
            raise ValueError(f"accumulate_on is {accumulate_on!r}; known are device and cpu")
        batch_size = self.batch_size or (GPU_BATCH_SIZE if device.is_cuda else 1)
        held_on = device.device if accumulate_on == "device" else "cpu"
        return list(dict.fromkeys([(batch_size, held_on), (1, held_on), (1, "cpu")]))

    def _blend(self, network, image, grid, windows, box, batch_size, device, held_on, progress, watch) -> BlendedSum:
        """Run the network over ``windows`` and add its outputs up."""
        weights = importance_map(grid.size, self.blending, self.sigma_scale).to(held_on)
        total = None
        progress("network", 0.0)
        for first in range(0, len(windows), batch_size):
            batch = windows[first : first + batch_size]
            output = self._output(network, self._cut(image, batch, grid, device))
            if output.shape[2:] != grid.size:
                raise ValueError(f"the network turned windows of {grid.size} (zyx) into {tuple(output.shape)}")
            if self.relative:
                if output.shape[1] < 2:
                    raise ValueError("logits relative to the background need a network with a background channel")
                output = output.float()  # a difference of rounded numbers would be rounded once more
                output = output[:, 1:] - output[:, :1]
            if total is None:
                total = BlendedSum(output.shape[1], box, weights, held_on)
            for one, window in zip(output, batch, strict=True):
                total.add(one, window)
            watch(total)
            progress("network", (first + len(batch)) / len(windows))
        return total

    def _cut(self, image: torch.Tensor, batch: list[Window], grid: WindowGrid, device: DeviceChoice) -> torch.Tensor:
        """Copy windows out of the image to the device: (batch, C, *window), float32."""
        tiles = torch.stack([image[(slice(None), *window.image)] for window in batch])
        tiles = tiles.to(device.device, torch.float32, memory_format=_memory_format(device))
        return tiles if tiles.shape[2:] == grid.size else self._padded(tiles, grid)

    def _padded(self, tiles: torch.Tensor, grid: WindowGrid) -> torch.Tensor:
        """Extend (batch, C, z, y, x) on both sides to the size of a window."""
        (z0, z1), (y0, y1), (x0, x1) = grid.padding
        around = (x0, x1, y0, y1, z0, z1)
        if self.padding_value is None:
            return F.pad(tiles, around, mode="replicate")
        values = self.padding_value if isinstance(self.padding_value, tuple) else (self.padding_value,)
        if len(set(values)) == 1:
            return F.pad(tiles, around, value=values[0])
        channels = zip(tiles.split(1, dim=1), values, strict=True)
        return torch.cat([F.pad(channel, around, value=value) for channel, value in channels], dim=1)

    def _output(self, network: Network, tiles: torch.Tensor) -> torch.Tensor:
        """Compute logits (batch, K, *window), averaged over the flips of `mirror_axes`."""
        output = network(tiles)
        flips = [[axis + 2 for axis in axes] for axes in _subsets(self.mirror_axes)]
        if not flips:
            return output
        output = output.float()
        for axes in flips:
            output += network(tiles.flip(axes)).flip(axes)
        return output / (len(flips) + 1)

    @staticmethod
    @contextmanager
    def _ready(network: Network, device: DeviceChoice) -> Iterator[None]:
        """Put the network on the device and into evaluation; no gradients; reduced precision where chosen."""
        module = isinstance(network, torch.nn.Module)
        training = module and network.training
        try:
            if module:
                network.to(device.device).eval()
                _arrange(network, _memory_format(device))
            with torch.inference_mode(), device.autocast():
                yield
        finally:
            if module:
                network.train(training)


def _memory_format(device: DeviceChoice) -> torch.memory_format:
    # Channels last is what tensor cores read; on CPUs oneDNN has a layout of its own and gains nothing by it.
    return torch.channels_last_3d if device.is_cuda else torch.contiguous_format


def _arrange(network: torch.nn.Module, memory_format: torch.memory_format) -> None:
    """Give the kernels of 3D convolutions this memory format; `torch.nn.Module.to` would refuse 2D ones."""
    for parameter in network.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)


def _subsets(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """List all non-empty subsets of ``axes``."""
    return [subset for n in range(1, len(axes) + 1) for subset in combinations(axes, n)]
