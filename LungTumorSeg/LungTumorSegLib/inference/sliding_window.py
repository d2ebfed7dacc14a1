"""A network over an image larger than itself, window by window."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch

from ..allocation import freed_memory_kept
from ..errors import InputError, MemoryShortageError
from ..progress import Progress, silent
from ..volume.boxes import bounding_box
from .device import DeviceChoice
from .passes import Blending, Watch, look_away
from .refinement import DOUBT
from .result import WindowedResult
from .tiles import Network, Padding, arrange, memory_format
from .windows import LATTICES, Triple, WindowGrid

logger = logging.getLogger(__name__)

# On a GPU a single window leaves most of the processors idle. On a CPU torch computes convolutions of a single window
# in float32 by a slow way of its own (`slow_conv3d`) where oneDNN would take a third of the time; more cost memory.
GPU_BATCH_SIZE = 4
CPU_BATCH_SIZE = 2


def usual_batch_size(device: DeviceChoice) -> int:
    """Windows that the network is given at once where nobody says how many."""
    return GPU_BATCH_SIZE if device.is_cuda else CPU_BATCH_SIZE


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
        Windows that the network is given at once; by default `usual_batch_size`.
    mirror_axes : tuple of int, zyx
        Axes (0, 1, 2) along which each window is also flipped; the outputs of all 2**n flips are averaged.
    padding_value : float, tuple of float, or None
        What stands beside an image that is smaller than the window (the prepared intensity of air): one value, one of
        each channel, or, where it is None, that of the nearest voxel of the image.
    relative : bool
        Hold logits relative to the background's (channel 0), one channel fewer. Softmax probabilities and labels
        are the same, because blending is linear and softmax sees differences only.
    coarse_overlap : float, optional
        Run some of the windows first, of which neighbours share about this part, and then all others only where those
        leave doubt (`refinement`); by default all windows. Needs ``relative``, and blending of overlapping windows.
    coarse_doubt : float
        Where the coarse pass finds the foreground less probable than this, and all around, is background; it must
        lie well below the threshold from which on a voxel is labelled.
    coarse_peak : float
        A place where the coarse pass nowhere finds the foreground this probable is in no doubt, but background.
    lattice : {"stepped", "even", "body_centred"}
        Where windows lie: step by step, the last moved back to end with the image, as MONAI lays them; as many or
        fewer, spread evenly; or body-centred: two steps apart (at most a window), and again in the middle of every
        eight. In a large image those are a quarter as many, and no voxel lies more than 1.3 times as far from the
        next window's centre: of all lattices this one covers best (Bambah 1954).
    """

    window_zyx: Triple
    overlap: float = 0.5
    blending: str = "gaussian"
    sigma_scale: float = 0.125
    batch_size: int | None = None
    mirror_axes: tuple[int, ...] = ()
    padding_value: Padding = 0.0
    relative: bool = False
    coarse_overlap: float | None = None
    coarse_doubt: float = DOUBT
    coarse_peak: float = 0.0
    lattice: str = "stepped"

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise InputError(f"the overlap of windows is {self.overlap:g}", do="use a number from 0 to below 1")
        if len(self.window_zyx) != 3 or min(*self.window_zyx, self.batch_size or 1) < 1:
            raise ValueError(f"window {self.window_zyx} (zyx), batch size {self.batch_size}: all must be positive")
        if self.lattice not in LATTICES:
            raise ValueError(f"lattice is {self.lattice!r}; known are {', '.join(LATTICES)}")
        if self.lattice == "body_centred" and self.blending == "centre":
            raise ValueError("windows of a body-centred lattice cannot be cut to boxes about their centres")
        if self.coarse_overlap is not None:
            if not 0 <= self.coarse_overlap < 1:
                raise InputError(f"the overlap of the coarse pass is {self.coarse_overlap:g}", do="use 0 to below 1")
            if not 0 < self.coarse_doubt < 1:
                raise ValueError(f"the probability that leaves doubt is {self.coarse_doubt:g}; 0 to 1 is expected")
            if self.blending == "centre" or not self.relative:
                raise ValueError("a coarse pass needs windows that are blended, and relative logits")

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

        Inside the region the result is exactly that of all windows; outside it is background. With a coarse pass the
        region is narrowed to what that leaves in doubt. When a GPU's memory does not suffice, the work starts again
        with one window at a time, then with the sums in main memory; this is logged and stands in the result's
        ``notes``.

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
        grid = self.grid_over(tuple(image.shape[1:]))
        region = None if region is None else np.asarray(region, dtype=bool)
        if region is not None and region.shape != grid.shape:
            raise ValueError(f"a region of shape {region.shape} for an image of shape {grid.shape} (zyx)")
        box = bounding_box(region) if region is not None else tuple(slice(0, n) for n in grid.shape)
        if box[0].stop == 0:
            return WindowedResult.nothing(grid)

        notes: list[str] = []
        for batch_size, held_on in self._attempts(device, accumulate_on):
            blending = Blending(self, network, image, grid, device, batch_size, held_on, progress, watch)
            try:
                with ready(network, device):
                    total, answered = blending.run(region, box)
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
        if total is None:
            return WindowedResult.nothing(grid, blending.done, tuple(notes))
        has_background = total.values.shape[0] > 1 and not self.relative
        counts = blending.done, grid.total
        result = WindowedResult(total.mean(), total.box, grid.shape, has_background, *counts, tuple(notes), answered)
        if answered is not None:
            result.set_background(~answered)
        return result

    def grid_over(self, shape: Triple) -> WindowGrid:
        """Return all windows over an image of this shape (zyx)."""
        return WindowGrid.over(shape, self.window_zyx, self.overlap, self.blending == "centre", self.lattice)

    def _attempts(self, device: DeviceChoice, accumulate_on: str) -> list[tuple[int, str]]:
        """List batch sizes and where the sums are held, each needing less of the GPU's memory than the one before."""
        if accumulate_on not in ("device", "cpu"):
            raise ValueError(f"accumulate_on is {accumulate_on!r}; known are device and cpu")
        batch_size = self.batch_size or usual_batch_size(device)
        held_on = device.device if accumulate_on == "device" else "cpu"
        return list(dict.fromkeys([(batch_size, held_on), (1, held_on), (1, "cpu")]))


@contextmanager
def ready(network: Network, device: DeviceChoice) -> Iterator[None]:
    """Put the network on the device and into evaluation; no gradients; reduced precision where chosen."""
    module = isinstance(network, torch.nn.Module)
    training = module and network.training
    try:
        if module:
            network.to(device.device).eval()
            arrange(network, memory_format(network, device))
        kept = nullcontext() if device.is_cuda else freed_memory_kept()
        with torch.inference_mode(), device.autocast(), kept:
            yield
    finally:
        if module:
            network.train(training)
