"""A data set of two small cases, one with a tumour, and a recipe that a laptop trains in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.training.cases import TrainingCase
from LungTumorSegLib.training.nodules import Nodule

SHAPE = (40, 44, 48)


@pytest.fixture(scope="session")
def small_recipe():
    return override(
        load_recipe("lung-tumor"),
        [
            "network={name: unet, channels: [4, 8], strides: [2], residual_units: 1}",
            "training.patch_size=[32, 32, 32]",
            "inference.window_size=[32, 32, 32]",
            "training.steps=6",
            "training.checkpoint_every_steps=3",
            "training.synthesis.mass_radius_mm=[4, 8]",
        ],
    )


def make_case(name: str, seed: int, tumor: bool) -> TrainingCase:
    """A box of lung in soft tissue."""
    rng = np.random.default_rng(seed)
    solid = np.ones(SHAPE, dtype=bool)
    solid[5:-5, 5:-5, 5:-5] = False
    hu = np.where(solid, 40, -850) + rng.integers(-20, 20, SHAPE)
    label = np.zeros(SHAPE, dtype=np.uint8)
    lesions = []
    if tumor:
        label[18:24, 20:26, 22:28] = 1
        hu[label == 1] = 30
        lesions = [np.argwhere(label == 1)]
    lung = np.argwhere(~solid & (label == 0))
    return TrainingCase(name, hu.astype(np.int16), label, solid, lung, np.argwhere(~solid), lesions)


@pytest.fixture(scope="session")
def cases():
    return [make_case("with", 1, True), make_case("without", 2, False)]


@pytest.fixture(scope="session")
def nodules():
    mask = np.zeros((6, 12, 12), dtype=bool)
    mask[1:5, 3:9, 3:9] = True
    return [Nodule(np.where(mask, 20, -800).astype(np.int16), mask, (2.5, 0.8, 0.8))]
