"""Model folders that need no training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from LungTumorSegLib.model import save_model
from LungTumorSegLib.networks import build_network, network_of
from LungTumorSegLib.recipe import dump_recipe, load_recipe, parse_recipe
from LungTumorSegLib.recipe.schema import Recipe

RECIPE = """
# A network as small as one can be.
name: tiny
description: A small network for tests.
preparation: {region: lungs, spacing_mm: [4, 4, 5]}
network: {name: unet, channels: [4, 8], strides: [2], residual_units: 0}
training: {patch_size: [32, 32, 32]}
inference: {window_size: [32, 32, 32], overlap: 0.25, precision: float32}
"""


class Malicious:
    """Unpickling it creates the file ``trap``."""

    def __init__(self, trap: Path):
        self.trap = trap

    def __reduce__(self):
        return subprocess.check_call, ([sys.executable, "-c", f"open({str(self.trap)!r}, 'w')"],)


def tiny_recipe() -> Recipe:
    return parse_recipe(RECIPE, "tiny.yaml")


def constant_weights(tumor_logit: float) -> dict:
    """Weights that answer ``tumor_logit`` everywhere: all zero but the last bias."""
    network = build_network(tiny_recipe().network, 1, 2)
    weights = {name: tensor.zero_() for name, tensor in network.state_dict().items()}
    last_bias = [name for name in weights if name.endswith(".bias")][-1]
    weights[last_bias][1] = tumor_logit
    return weights


def save_constant_model(folder: Path, tumor_logit: float = 2.0, recipe: str = RECIPE, **metadata) -> Path:
    """Save a model that takes the whole lung region for tumour, or nothing where ``tumor_logit`` is negative."""
    save_model(folder, constant_weights(tumor_logit), recipe, {"version": "1.0", **metadata})
    return folder


# Packaged recipes with networks so small, on voxels so large, that they need no training to find something.
SMALL = {
    "pancreas-3d": {
        "network": {"channels": [4, 8], "strides": [2]},
        "preparation": {"spacing_mm": [6, 6, 6], "normalization": [[0, 100]]},
        "training": {"patch_size": [32, 32, 16]},
        "inference": {"window_size": [32, 32, 16]},
        "postprocessing": {"components": {"keep": "largest"}},
    },
    "lungs-2d": {
        "network": {"channels": [2, 4], "strides": [[2, 2, 1]]},
        "preparation": {"spacing_mm": [6, 6, None]},
        "training": {"patch_size": [32, 32, 1]},
        "inference": {"window_size": [32, 32, 1]},
    },
}


def save_random_model(folder: Path, recipe: str, seed: int = 1) -> Path:
    """Save a model of a packaged recipe, made small, with random weights: it finds some of everything, anywhere."""
    content = load_recipe(recipe).model_dump(mode="json")
    for part, values in SMALL[recipe].items():
        content[part] |= values
    small = Recipe.model_validate(content)
    save_model(folder, network_of(small, seed=seed).state_dict(), dump_recipe(small), {"version": "1.0"})
    return folder
