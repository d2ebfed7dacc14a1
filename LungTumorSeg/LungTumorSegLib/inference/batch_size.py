"""How many windows the network is given at once: as the recipe says, or measured on the device."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..machine import memory
from ..volume.boxes import bounding_box
from .device import DeviceChoice
from .sliding_window import ready, usual_batch_size
from .tiles import Network, answer, memory_format, relative_to_background

if TYPE_CHECKING:
    from .sliding_window import SlidingWindow

MEMORY = "memory"
SAFE_SHARE = 0.8  # of the free memory; the rest is for fragments, and for other programs that grow meanwhile
MOST_ON_GPU = 32  # windows; they fill every processor of a card, and more would only wait
ON_CPU = (1, 2, 4)  # windows that are tried
TRIALS_SHARE = 0.2  # of the windows to be run: trying must not cost more than it can save
GIB = 2**30


@dataclass(frozen=True)
class BatchSize:
    """A number of windows, and the reason for it."""

    windows: int
    reason: str


def choose_batch_size(
    asked: int | str | None,
    sliding: SlidingWindow,
    network: Network,
    image: torch.Tensor,
    region: np.ndarray | None,
    device: DeviceChoice,
) -> BatchSize:
    """Choose how many windows are computed at once.

    Parameters
    ----------
    asked : int, "memory" or None
        The recipe's word. With ``memory``, on a GPU one window is computed and its peak of memory measured: as many as
        fit into `SAFE_SHARE` of what is free beside the sums. On the CPU, 1, 2 and 4 are timed, where they fit
        and there are windows enough to make up for it.
    sliding, network, image, region, device
        What `SlidingWindow.run` will be given.
    """
    default = usual_batch_size(device)
    if asked is None:
        return BatchSize(default, "the usual on this kind of device")
    if asked != MEMORY:
        return BatchSize(int(asked), "asked for")
    grid = sliding.grid_over(tuple(image.shape[1:]))
    box = tuple(slice(0, n) for n in grid.shape) if region is None else bounding_box(region)
    windows = len(grid.windows(None if region is None else region[box], box)) if box[0].stop else 0
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((1, len(image), *grid.size), generator=generator)

    layout = memory_format(network, device)

    def trial(count: int) -> torch.Tensor:
        tiles = noise.expand(count, *noise.shape[1:]).contiguous()
        output = answer(network, tiles.to(device.device, memory_format=layout), sliding.mirror_axes)
        return relative_to_background(output) if sliding.relative else output

    with ready(network, device):
        if device.is_cuda:
            voxels = int(np.prod([side.stop - side.start for side in box]))
            return fitting_on_gpu(trial, windows, voxels, torch.device(device.device))
        return fastest_on_cpu(trial, windows, default)


def fitting_on_gpu(trial: Callable[[int], torch.Tensor], windows: int, voxels: int, device: torch.device) -> BatchSize:
    """Measure one window's peak on a CUDA device and count how many fit.

    Parameters
    ----------
    trial : callable
        Computes the answer to that many windows.
    windows : int
        That are to be run; no more are taken at once.
    voxels : int
        Of the box on which sums will be held.
    device : torch.device
    """
    try:
        channels = trial(1).shape[1]  # loads kernels and weights, which stay
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
        held = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        trial(1)
        torch.cuda.synchronize(device)
        peak = torch.cuda.max_memory_allocated(device) - held
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(device)
    except torch.OutOfMemoryError:
        return BatchSize(1, f"{device} ran out of memory when a single window was tried")
    sums = 4 * (channels + 1) * voxels  # float32, and the weights'
    fit = how_many_fit(peak, free - sums)
    count = max(1, min(fit, windows, MOST_ON_GPU))
    return BatchSize(
        count,
        f"{fit} fit: a window takes {peak / GIB:.2f} GiB, of {free / GIB:.1f} GiB free {SAFE_SHARE:.0%} may be used, "
        f"sums take {sums / GIB:.2f} GiB; at most {MOST_ON_GPU}, and there are {windows}",
    )


def how_many_fit(peak: int, free: int) -> int:
    """Count windows of ``peak`` bytes in the safe share of ``free`` bytes; 0 where not one fits."""
    return max(0, int(SAFE_SHARE * free)) // max(peak, 1)


def fastest_on_cpu(trial: Callable[[int], torch.Tensor], windows: int, default: int) -> BatchSize:
    """Time a few numbers of windows that fit into memory; of two that are as fast, take the smaller."""
    affordable = [n for k, n in enumerate(ON_CPU) if 2 * sum(ON_CPU[: k + 1]) <= TRIALS_SHARE * windows]
    if len(affordable) < 2:
        return BatchSize(min(default, max(windows, 1)), f"the usual: {windows} windows are too few to try others")
    with _peak_of_process() as growth:
        trial(1)
    free = memory().free
    seconds: dict[int, float] = {}
    for count in affordable:
        if count > 1 and free and how_many_fit(growth(), free) < count:
            break
        seconds[count] = min(_timed(trial, count) for _ in range(2)) / count
    best = min(seconds.values())
    chosen = next(count for count, each in seconds.items() if each <= 1.05 * best)
    said = ", ".join(f"{each * 1000:.0f} ms a window at {count}" for count, each in seconds.items())
    return BatchSize(chosen, f"{said}; a window takes {growth() / GIB:.2f} GiB of {free / GIB:.1f} GiB free")


def _timed(trial: Callable[[int], torch.Tensor], count: int) -> float:
    began = time.perf_counter()
    trial(count)
    return time.perf_counter() - began


@contextmanager
def _peak_of_process():
    """Watch how far this process grows meanwhile; gives a function that returns it, in bytes."""
    import psutil

    process, done = psutil.Process(), threading.Event()
    sizes = [process.memory_info().rss]

    def watch() -> None:
        while not done.wait(0.002):
            sizes.append(process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: max(sizes) - sizes[0]
    finally:
        done.set()
        thread.join()
        sizes.append(process.memory_info().rss)
