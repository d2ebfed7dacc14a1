"""Batches of augmented patches, made by loader processes while the network computes."""

from __future__ import annotations

import atexit
import signal
from collections.abc import Generator, Iterator
from itertools import islice
from weakref import WeakSet

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ...machine import usable_cores
from ...preparation import intensity_channels
from ...recipe.schema import Recipe
from ..processes.distributed import Ranks
from ..processes.stopping import SIGNALS
from ..processes.threads import one_blas_thread
from .augmentation import augment
from .patch import NO_CLASS, Patch
from .sampling import PatchSampler

AUGMENTATION_STREAM = 1  # keeps augmentation's random numbers apart from those that drew the patch
MOST_WORKERS = 4
BATCHES_AHEAD = 4  # of each loader process

_begun: WeakSet[Generator] = WeakSet()

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class PatchDataset(Dataset):
    """Patch ``index`` as the network sees it: ``(image (C, z, y, x) float32, label (z, y, x) uint8, class int)``.

    The class is that of the case, or ``NO_CLASS`` for a patch that shows too little of a lesion to tell it by.
    """

    def __init__(self, sampler: PatchSampler, recipe: Recipe):
        self.sampler, self.recipe = sampler, recipe

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        rng = np.random.default_rng([self.sampler.seed, index, AUGMENTATION_STREAM])
        sampler, settings, preparation = self.sampler, self.recipe.training.augmentation, self.recipe.preparation
        with one_blas_thread():
            spacing = sampler.spacing_of(index)
            patch = augment(lambda margin: sampler.draw(index, margin), sampler.shape, spacing, settings, rng)
            image = intensity_channels(patch.hu, preparation.windows_hu, preparation.normalization)
        return torch.from_numpy(image), torch.from_numpy(patch.label), self._class_of(patch)

    def _class_of(self, patch: Patch) -> int:
        if self.recipe.classification is None or patch.subtype is None:
            return NO_CLASS
        shown = np.count_nonzero(np.isin(patch.label, self.recipe.lesions))
        return patch.subtype if shown >= self.recipe.training.classification.fewest_voxels else NO_CLASS


class PatchNumbers(Sampler):
    """The patch numbers that one process draws, from a batch of the run on.

    Batch ``n`` of process ``r`` of ``N`` holds the patches ``(n N + r) b`` … ``(n N + r + 1) b - 1``: what all
    processes draw together is what one process with batches of ``N b`` draws, and no patch is drawn twice.

    Parameters
    ----------
    first, end : int
        Batches ``first`` … ``end - 1`` of each process.
    batch_size : int
        ``b``.
    ranks : Ranks
        ``r`` and ``N``.
    """

    def __init__(self, first: int, end: int, batch_size: int, ranks: Ranks):
        self.first, self.end, self.batch_size, self.ranks = first, end, batch_size, ranks

    def __iter__(self) -> Iterator[int]:
        for batch in range(self.first, self.end):
            start = (batch * self.ranks.count + self.ranks.rank) * self.batch_size
            yield from range(start, start + self.batch_size)

    def __len__(self) -> int:
        return max(0, self.end - self.first) * self.batch_size


def batches(
    dataset: PatchDataset, first_step: int, workers: int, ranks: Ranks, pinned: bool = False
) -> Iterator[list[Batch]]:
    """Iterate over the batches of each step from ``first_step`` to the recipe's last.

    Parameters
    ----------
    dataset : PatchDataset
    first_step : int
    workers : int
        Loader processes; 0 makes patches in this process.
    ranks : Ranks
        Which share of the patches is this process's.
    pinned : bool
        Whether batches lie in memory from which a GPU copies while it computes.

    Yields
    ------
    list of (image (N, C, z, y, x), label (N, z, y, x), class (N,))
        As many as the gradients of a step are accumulated over.
    """
    stream = _batches(dataset, first_step, workers, ranks, pinned)
    _begun.add(stream)
    return stream


def _batches(dataset: PatchDataset, first_step: int, workers: int, ranks: Ranks, pinned: bool) -> Generator:
    training = dataset.recipe.training
    each = training.gradient_accumulation
    loader = DataLoader(
        dataset,
        batch_size=training.batch_size,
        sampler=PatchNumbers(first_step * each, training.steps * each, training.batch_size, ranks),
        num_workers=workers,
        worker_init_fn=_start_worker,
        prefetch_factor=BATCHES_AHEAD if workers else None,
        pin_memory=pinned,
        # Of its own: from torch's common one it would take a number, and dropout would differ after a resumption.
        generator=torch.Generator(),
    )
    stream = iter(loader)
    while step := list(islice(stream, each)):
        yield step


def default_workers(local_processes: int = 1, on_gpu: bool = False) -> int:
    """Loader processes for each of several processes on this machine: the cores that they leave, at most 4 each.

    On CPUs with two cores or fewer there are none: patches are made between the steps, on both, which is faster than
    beside a step that needs both itself. A GPU computes while patches are made, and always has one.
    """
    cores = usable_cores() // local_processes
    if on_gpu:
        return max(1, min(cores - 1, MOST_WORKERS))
    return min(cores - 1, MOST_WORKERS) if cores > 2 else 0


def _start_worker(_: int) -> None:
    torch.set_num_threads(1)
    # Ctrl-C and a cluster's warnings reach every process; the training process stops and then ends its loaders.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@atexit.register
def _end_loaders() -> None:
    """End the loaders of batches that something still refers to at the exit, as the traceback of an error may.

    `multiprocessing` would ask for it by SIGTERM, which they ignore, and wait for ever.
    """
    for stream in tuple(_begun):
        stream.close()
