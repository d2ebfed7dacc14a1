"""Every packaged recipe trains a step and segments a CT, with all its settings but the sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import available, load_recipe, override
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.optimizing.loop import train
from LungTumorSegLib.training.optimizing.run import TrainingRun
from LungTumorSegLib.training.patches.sampling import PatchSampler
from support.training import make_cases, make_nodules

SMALLER = {
    "unet": ["network.channels=[4, 8]", "network.strides=[2]"],
    "resenc": ["network.channels=[4, 8, 8]", "network.strides=[2, 2]", "network.blocks=[1, 2, 1]"],
    "isensee2017": ["network.channels=[4, 8]", "network.strides=[2]"],
    "ronneberger2015": ["network.channels=[4, 8]", "network.strides=[[2, 2, 1]]"],
    "swinunetr": ["network.feature_size=12", "network.depths=[1, 1, 1, 1]", "network.attention_window=4"],
}
SIZE = {
    "unet": "[32, 32, 32]",
    "resenc": "[32, 32, 32]",
    "isensee2017": "[32, 32, 32]",
    "ronneberger2015": "[32, 32, 1]",
    "swinunetr": "[64, 64, 64]",
}
SHORT = [
    "training.steps=1",
    "training.batch_size=1",
    "training.precision=float32",
    "training.optimizer.plateau.watch=training",  # there is nothing to validate on
    "inference.precision=float32",
]
COARSE = ["preparation.spacing_mm=[5, 5, 5]", "inference.overlap=0", "training.synthesis.mass_radius_mm=[4, 8]"]


# What recipes leave to training data, of which there are none here.
FOUND_IN_DATA = {
    "preparation.spacing_mm": "[1, 1, 2]",
    "preparation.windows_hu": "[[-100, 200]]",
    "preparation.normalization": "[[50, 80]]",
    "inference.expected": "null",
    "network.name": "resenc",
    "training.patch_size": "[128, 128, 64]",
    "training.batch_size": "2",
    "inference.window_size": "[128, 128, 64]",
    "training.classification.class_weights": "null",
}


def in_numbers(recipe: Recipe) -> Recipe:
    """The recipe with numbers where it leaves something to training data."""
    left_open = [*recipe.unresolved, *recipe.planned]
    left_open += ["training.classification.class_weights"] if recipe.classification else []
    settings = {key: f"{key}={FOUND_IN_DATA[key]}" for key in left_open}
    if "network.name" in settings:  # the plan's own keys go with it
        settings["network.name"] = "network={name: resenc}"
    return override(recipe, list(settings.values()))


def smaller(name: str):
    """The recipe with a network and patches that a test can afford."""
    recipe = in_numbers(load_recipe(name))
    kind = recipe.network.name
    sizes = [f"training.patch_size={SIZE[kind]}", f"inference.window_size={SIZE[kind]}"]
    return override(recipe, [*SMALLER[kind], *sizes, *SHORT, *COARSE])


@pytest.mark.parametrize("name", available())
def test_recipe_trains_a_step_and_segments(name, chest, tmp_path):
    recipe, device = smaller(name), choose_device("cpu", "float32")
    sampler = PatchSampler(make_cases(), make_nodules(), recipe.training, recipe.preparation, seed=3)
    run = TrainingRun(recipe, sampler, tmp_path, device, workers=0)
    before = {key: weight.clone() for key, weight in run.network.state_dict().items()}
    train(run)
    assert run.step == 1
    assert any(not torch.equal(before[key], weight) for key, weight in run.network.state_dict().items())

    prediction = Predictor(recipe, run.network, device).predict(chest)
    assert prediction.mask.array.shape == chest.array.shape
    assert set(np.unique(prediction.mask.array)) <= {0, *recipe.labels}
    assert prediction.windows_run > 0


@pytest.mark.parametrize("name", available())
def test_recipe_builds_its_network_in_full(name):
    network = network_of(in_numbers(load_recipe(name)))
    assert sum(weight.numel() for weight in network.parameters()) > 4e5
