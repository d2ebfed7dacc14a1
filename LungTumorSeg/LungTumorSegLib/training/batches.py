"""Batches of augmented patches, made by loader processes while the network computes."""

from __future__ import annotations

import signal

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ..preparation import intensity_channels
from ..recipe.schema import Recipe
from .augmentation import augment
from .sampling import PatchSampler

AUGMENTATION_STREAM = 1  # keeps augmentation's random numbers apart from those that drew the patch


class PatchDataset(Dataset):
    """Patch ``index`` as the network sees it: ``(image (C, z, y, x) float32, label (z, y, x) uint8)``."""

    def __init__(self, sampler: PatchSampler, recipe: Recipe):
        self.sampler, self.recipe = sampler, recipe

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng([self.sampler.seed, index, AUGMENTATION_STREAM])
        patch = augment(self.sampler.draw(index), self.recipe.training.augmentation, rng)
        image = intensity_channels(patch.hu, self.recipe.preparation.windows_hu)
        return torch.from_numpy(image), torch.from_numpy(patch.label)


class FromStep(Sampler):
    """The patch numbers of a run from ``first_step`` on, in order."""

    def __init__(self, first_step: int, steps: int, batch_size: int):
        self.indices = range(first_step * batch_size, steps * batch_size)

    def __iter__(self):
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def batches(dataset: PatchDataset, first_step: int, steps: int, workers: int) -> DataLoader:
    """Iterate over batches ``first_step`` … ``steps - 1``."""
    batch_size = dataset.recipe.training.batch_size
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=FromStep(first_step, steps, batch_size),
        num_workers=workers,
        worker_init_fn=_start_worker,
        prefetch_factor=4 if workers else None,
    )


def _start_worker(_: int) -> None:
    torch.set_num_threads(1)
    # Ctrl-C reaches the whole process group; the training process stops and then ends its loaders.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
