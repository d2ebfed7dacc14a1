"""Training as MONAI's tutorials do it: CacheDataset, RandCropByPosNegLabeld, the same augmentations, DiceCELoss.

Lesions that a recipe puts into lungs have no counterpart there and are left out, which spares MONAI their time.
"""

from __future__ import annotations

import math
import warnings
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from monai.data import CacheDataset, DataLoader
from monai.losses import DiceCELoss
from monai.transforms import (
    Compose,
    ConcatItemsd,
    CopyItemsd,
    CropForegroundd,
    DeleteItemsd,
    EnsureChannelFirstd,
    EnsureTyped,
    FgBgToIndicesd,
    LoadImaged,
    Orientationd,
    RandAffined,
    RandCropByPosNegLabeld,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandShiftIntensityd,
    ScaleIntensityRanged,
    Spacingd,
)
from torch.utils.data import RandomSampler

from benchmark.interleaved import wait_for
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.optimizing.schedule import make_optimizer

BOTH = ["image", "label"]
ENDLESS = 1_000_000
BATCHES_AHEAD = 4  # of each loader process, as many as in the project's own pipeline
BODY_HU = -500.0


class MonaiPipeline:
    """A training loop as one writes it with MONAI.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        Cases without a mask are left out.
    device : DeviceChoice
        Its precision is that of the forward pass.
    workers : int
    tuned : bool
        Whether what MONAI's guide to fast training recommends is used: foreground and background are looked up once,
        and tensors without metadata are cached.
    """

    def __init__(self, recipe: Recipe, data: Path, device: DeviceChoice, workers: int, tuned: bool, name: str):
        self.recipe, self.device, self.name = recipe, device, name
        training = recipe.training
        files = [
            {"image": str(case.ct), "label": str(case.mask)} for case in find_cases(data) if case.mask is not None
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cached = CacheDataset(files, Compose([*_cached(recipe, tuned), *_random(recipe, tuned)]), progress=False)
        self.loader = DataLoader(
            cached,
            batch_size=1,  # the patches of a batch come from one volume, as in the tutorials: the cheapest way
            sampler=RandomSampler(cached, replacement=True, num_samples=ENDLESS),
            num_workers=workers,
            prefetch_factor=BATCHES_AHEAD if workers else None,
            pin_memory=device.is_cuda,
        )
        self.batches = iter(self.loader)
        self.queued = BATCHES_AHEAD * workers
        self.network = network_of(recipe, seed=0).to(device.device)
        self.optimizer = make_optimizer(self.network, training.optimizer, fused=device.is_cuda)
        self.loss = DiceCELoss(
            to_onehot_y=True,
            softmax=True,
            include_background=False,
            batch=True,
            squared_pred=recipe.training.loss.squared_denominator,
        )

    def steps(self, count: int) -> int:
        if count == 1:  # as in the project's own pipeline
            for _ in islice(self.batches, self.queued):
                pass
        for batch in islice(self.batches, count):
            self._step(batch)
        wait_for(self.device.device)
        return count * self.recipe.training.batch_size

    def _step(self, batch: dict) -> float:
        image, label = (batch[key].to(self.device.device, non_blocking=True) for key in BOTH)
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        with self.device.autocast():
            logits = self.network(image)
        loss = self.loss(logits.float(), label)
        loss.backward()
        limit = self.recipe.training.optimizer.gradient_clip
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), math.inf if limit is None else limit)
        self.optimizer.step()
        return loss.item()


def _cached(recipe: Recipe, tuned: bool) -> list:
    """What is done once: reading, orientation, spacing, and a crop to the body."""
    transforms = [
        LoadImaged(BOTH),
        EnsureChannelFirstd(BOTH),
        Orientationd(BOTH, axcodes="LPS", labels=None),
        Spacingd(BOTH, pixdim=recipe.preparation.spacing_mm, mode=("bilinear", "nearest")),
        CropForegroundd(BOTH, source_key="image", select_fn=_is_body, allow_smaller=True),
    ]
    if tuned:
        transforms += [
            FgBgToIndicesd("label", image_key="image", image_threshold=-1e6),
            EnsureTyped(BOTH, track_meta=False),
        ]
    return transforms


def _is_body(hu: np.ndarray) -> np.ndarray:
    return hu > BODY_HU


def _random(recipe: Recipe, tuned: bool) -> list:
    """What is drawn anew for each patch; intensities are changed in one channel of HU, before the windows."""
    training, change = recipe.training, recipe.training.augmentation
    looked_up = {"fg_indices_key": "label_fg_indices", "bg_indices_key": "label_bg_indices"} if tuned else {}
    sigma = (0.2 * change.blur_sigma_voxels, change.blur_sigma_voxels)
    windows = [f"window{number}" for number in range(len(recipe.preparation.windows_hu))]
    return [
        RandCropByPosNegLabeld(
            BOTH,
            "label",
            training.patch_size,
            pos=training.positive_share,
            neg=1 - training.positive_share,
            num_samples=training.batch_size,
            allow_smaller=False,
            **looked_up,
        ),
        RandFlipd(BOTH, prob=change.flip_left_right, spatial_axis=0),
        RandAffined(
            BOTH,
            prob=change.affine_probability,
            rotate_range=(np.deg2rad(change.rotation_degrees) / math.sqrt(3),) * 3,
            scale_range=(change.zoom,) * 3,
            mode=("bilinear", "nearest"),
            padding_mode="border",
        ),
        RandGaussianSmoothd("image", sigma_x=sigma, sigma_y=sigma, sigma_z=sigma, prob=change.blur_probability),
        RandScaleIntensityd("image", factors=change.scale, prob=change.intensity_probability),
        RandShiftIntensityd("image", offsets=change.shift_hu, prob=change.intensity_probability),
        RandGaussianNoised("image", std=change.noise_hu, prob=change.noise_probability),
        CopyItemsd("image", times=len(windows), names=windows),
        *(
            ScaleIntensityRanged(name, *bounds, b_min=-1, b_max=1, clip=True)
            for name, bounds in zip(windows, recipe.preparation.windows_hu, strict=True)
        ),
        ConcatItemsd(windows, name="image"),
        DeleteItemsd(windows),
    ]
