"""The CTs and models of the benchmark, made by the project itself, so that anyone can make them again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from LungTumorSegLib.model import load_model, save_model
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.recipe import override
from LungTumorSegLib.volume import write_mask, write_volume

from .contenders import CONTENDERS
from .nnunet_folder import write_nnunet_folder

SEED = 7
SMALL, SMALL_MM = (256, 256, 120), (1.4, 1.4, 2.5)
LARGE, LARGE_MM = (512, 512, 300), (0.7, 0.7, 1.0)
COARSE = "preparation.spacing_mm=[3, 3, 3]"
KEEP_ALL = "postprocessing.components={keep: all, minimum_volume_ml: 0, minimum_confidence: 0}"
# Networks with random weights: their answers mean nothing, their work does. Two are of sizes usual in research; `tiny`
# is for a look at whether everything runs.
RANDOM = {
    "dynunet": ["network={name: dynunet, channels: [32, 64, 128, 256, 320]}", COARSE, KEEP_ALL],
    "swinunetr": ["training.patch_size=[96, 96, 96]", "network={name: swinunetr, feature_size: 24}", COARSE, KEEP_ALL],
    "tiny": [
        "network={name: unet, channels: [4, 8], strides: [2]}",
        "inference.window_size=[48, 48, 48]",
        "preparation.spacing_mm=[5, 5, 5]",
        KEEP_ALL,
    ],
}
FOREGROUND = 0.02  # of the voxels that networks with random weights call tumour


@dataclass(frozen=True)
class Case:
    """One table: a CT, a model, and who runs on them.

    Attributes
    ----------
    key, title : str
    model : str
        A packaged model, or one of `RANDOM`.
    size, spacing : tuples, xyz
        Of the phantom.
    contenders : tuple of str
    rounds, slow_rounds : int
        How often each runs, and how often those do that take long.
    """

    key: str
    title: str
    model: str
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    contenders: tuple[str, ...]
    rounds: int = 1
    slow_rounds: int = 1

    @property
    def trained(self) -> bool:
        """Whether the weights come from a training, so that the masks mean something."""
        return self.model not in RANDOM

    def repeats(self, contender: str) -> int:
        """Return how often a contender runs."""
        return self.slow_rounds if CONTENDERS[contender].slow else self.rounds


EVERYBODY = tuple(CONTENDERS)
# Lines that are about masks, or about the same once more, are left out where weights are random and networks large.
LEFT_OUT = ("nnunet-mirrored", "monai-single", "monai-body", "monai-same", "exact", "command")
TIMED = tuple(key for key in EVERYBODY if key not in LEFT_OUT)
PACKAGED = "the packaged network (MONAI U-Net, 4.8 M parameters) at 1.5 mm"
QUICK = (Case("packaged", PACKAGED, "lung-tumor", SMALL, SMALL_MM, EVERYBODY, rounds=3),)
FULL = (
    Case("packaged", PACKAGED, "lung-tumor", LARGE, LARGE_MM, EVERYBODY, rounds=3),
    Case("dynunet", "DynUNet, 32 to 320 features, at 3 mm", "dynunet", SMALL, SMALL_MM, TIMED, rounds=2),
    Case("swinunetr", "SwinUNETR, 24 features, at 3 mm", "swinunetr", SMALL, SMALL_MM, TIMED, rounds=2),
)
TINY = (Case("tiny", "a tiny network at 5 mm", "tiny", (96, 96, 60), (3.6, 3.6, 5.0), EVERYBODY),)
FORMS = {"tiny": TINY, "quick": QUICK, "full": FULL}


def make_ct(case: Case, folder: Path, say: Callable[[str], None] = print) -> Path:
    """Return the phantom of a case, made where it is missing; its true mask lies beside it."""
    name = "x".join(str(n) for n in case.size)
    path = folder / f"{name}.nii.gz"
    if not path.exists():
        say(f"making a phantom of {name} voxels")
        phantom = make_phantom(SEED, size=case.size, spacing=case.spacing)
        folder.mkdir(parents=True, exist_ok=True)
        write_mask(folder / f"{name}_truth.nii.gz", phantom.mask)
        write_volume(path, phantom.ct)
    return path


def make_model(case: Case, folder: Path) -> Path:
    """Make a case's model anew, with the same as a model folder of nnU-Net beside it."""
    path = folder / case.model
    shutil.rmtree(path, ignore_errors=True)
    packaged = load_model("lung-tumor")
    if case.trained:
        save_model(path, packaged.state_dict(), packaged.recipe, packaged.metadata)
    else:
        recipe = override(packaged.recipe, RANDOM[case.model])
        network = network_of(recipe, seed=0).eval()
        _balance(network, recipe.inference.window_size[::-1], len(recipe.preparation.windows_hu))
        save_model(path, network.state_dict(), recipe, {"version": "0", "description": "random weights"})
    write_nnunet_folder(path, path / "nnunet")
    return path


@torch.inference_mode()
def _balance(network: torch.nn.Module, window_zyx: tuple[int, int, int], channels: int) -> None:
    """Shift the last bias so that few voxels are called tumour; else all would be, or none."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.nn.functional.interpolate(
        torch.randn((1, channels, *(n // 8 for n in window_zyx)), generator=generator), window_zyx, mode="trilinear"
    )
    logits = network(noise)[0]
    level = float(np.quantile((logits[1] - logits[0]).numpy(), 1 - FOREGROUND))
    biases = [tensor for name, tensor in network.named_parameters() if name.endswith("bias") and tensor.shape == (2,)]
    biases[-1][1] -= level
