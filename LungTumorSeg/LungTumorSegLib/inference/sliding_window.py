"""A network over an image larger than itself, window by window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch

from ..errors import InputError
from ..progress import Progress, silent
from .blending import BlendedSum, importance_map
from .device import DeviceChoice
from .result import WindowedResult
from .windows import Triple, Window, WindowGrid, bounding_box

logger = logging.getLogger(__name__)

Network = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class SlidingWindow:
    """How a network is moved over an image.

    Parameters
    ----------
    window_zyx : tuple of int, zyx
        Size of the window in voxels; what the network is given.
    overlap : float
        Part of the window that neighbours share along each axis; 0 <= overlap < 1.
    blending : {"gaussian", "constant"}
        Weight of a window's voxels in the mean, see `blending.importance_map`.
    sigma_scale : float
        Standard deviation of the Gaussian as a part of the window's size.
    batch_size : int
        Windows that the network is given at once on a GPU; on the CPU always one.
    mirror_axes : tuple of int, zyx
        Axes (0, 1, 2) along which each window is also flipped; the outputs of all 2**n flips are averaged.
    padding_value : float
        What stands beside an image that is smaller than the window (the prepared intensity of air).
    relative : bool
        Hold logits relative to the background's (channel 0), one channel fewer. Softmax probabilities and labels
        are the same, because blending is linear and softmax sees differences only.
    """

    window_zyx: Triple
    overlap: float = 0.5
    blending: str = "gaussian"
    sigma_scale: float = 0.125
    batch_size: int = 1
    mirror_axes: tuple[int, ...] = ()
    padding_value: float = 0.0
    relative: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise InputError(f"the overlap of windows is {self.overlap:g}", do="use a number from 0 to below 1")
        if len(self.window_zyx) != 3 or min(self.window_zyx) < 1 or self.batch_size < 1:
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
            Called as ``progress("network", fraction)`` before the first window and after each (on a GPU, each batch).

        Raises
        ------
        InputError
            The GPU's memory does not suffice for a single window.
        FloatingPointError
            The network's output held NaN or infinity.
        """
        image = torch.as_tensor(image)
        if image.ndim != 4:
            raise ValueError(f"the image has shape {tuple(image.shape)}; (channels, z, y, x) is expected")
        grid = WindowGrid.over(tuple(image.shape[1:]), self.window_zyx, self.overlap)
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
                    total = self._blend(network, image, grid, windows, box, batch_size, device, held_on, progress)
                break
            except torch.OutOfMemoryError:
                note = f"{device.device} ran out of memory with batch size {batch_size} and sums on {held_on}"
                logger.warning("%s", note)
                notes.append(note)
            # Outside "except": until then the traceback holds the tensors.
            if device.is_cuda:
                torch.cuda.empty_cache()
        else:
            raise InputError(
                "the memory of the GPU does not suffice for one window",
                device.device,
                "close other programs that use it, or use --device cpu",
            )
        has_background = total.sum.shape[0] > 1 and not self.relative
        result = WindowedResult(total.mean(), box, grid.shape, has_background, len(windows), grid.total, tuple(notes))
        if region is not None:
            result.set_background(~region[box])
        return result
