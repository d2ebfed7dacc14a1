"""Every recipe made small: on which data and with which settings one CPU core learns it by heart in a minute or so.

The tests of the systems and `make systems` train these. What makes a recipe what it is stays: its preparation, the
kind of its network, its loss, its sampling, its sliding window. What changes: sizes, steps, what hinders learning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from LungTumorSegLib.phantom.dataset import write_dataset
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Recipe

from .abdomens import write_abdomens
from .lung_data import write_lung_data
from .subtyped_abdomens import write_subtyped_abdomens

COARSE_CHESTS = {"size": (80, 68, 44), "spacing": (4.5, 4.5, 7.0)}
FIRST_CHEST = 1  # phantoms 1 and 2 have a tumour of 15 mL each


@dataclass(frozen=True)
class SmallSystem:
    """How a recipe is trained small.

    Attributes
    ----------
    recipe : str
    layout : str
        Of its data, in words.
    write_data : callable
        Writes a data set in this layout into a folder that is not there yet.
    settings : mapping of str to object
        Changes of the recipe, as for ``--set``.
    least_dice : float
        What `segment` must reach for each label of each training case.
    train_options : tuple of str
        Further options of ``train``.
    """

    recipe: str
    layout: str
    write_data: Callable[[Path], object]
    settings: Mapping[str, object] = field(default_factory=dict)
    least_dice: float = 0.9
    train_options: tuple[str, ...] = ()

    def changes(self, **more: object) -> list[str]:
        """Return the options that make the recipe small; ``more`` may change a key again (``training__steps=1``)."""
        changed = {**self.settings, **{key.replace("__", "."): value for key, value in more.items()}}
        return [part for key, value in changed.items() for part in ("--set", f"{key}={value}")]

    def small_recipe(self, **more: object) -> Recipe:
        """Return the recipe with its changes; ``more`` as of `changes`."""
        return override(load_recipe(self.recipe), self.changes(**more)[1::2])


def write_chests(folder: Path) -> list[str]:
    """Write two coarse phantoms with a tumour each."""
    return write_dataset(folder, 2, FIRST_CHEST, **COARSE_CHESTS)


# Nothing that hinders learning by heart: no augmentation, no synthesis, no held-out case.
BY_HEART = {
    "training.validation_share": 0,
    "training.positive_share": 0.7,
    "training.augmentation.flip_left_right": 0,
    "training.augmentation.affine_probability": 0,
    "training.augmentation.noise_probability": 0,
    "training.augmentation.blur_probability": 0,
    "training.augmentation.shift_hu": 0,
    "training.augmentation.scale": 0,
    "training.synthesis": "{real: 1, nodule: 0, mass: 0, opacity: 0}",
    "training.optimizer.averaging": 0.9,
    "training.optimizer.warmup_steps": 10,
    "preparation.spacing_mm": "[4.5, 4.5, 7]",
    "postprocessing.border_refinement.enabled": "false",
}


def _cubes(edge: int) -> dict[str, str]:
    return {"training.patch_size": f"[{edge}, {edge}, {edge}]", "inference.window_size": f"[{edge}, {edge}, {edge}]"}


LUNG_TUMOR = SmallSystem(
    "lung-tumor",
    "Decathlon",
    write_chests,
    {
        **BY_HEART,
        **_cubes(32),
        "network.channels": "[8, 16, 32]",
        "network.strides": "[2, 2]",
        "training.optimizer.learning_rate": 0.005,
        "training.steps": 150,
    },
)
RESENC = SmallSystem(
    "lung-tumor-resenc",
    "Decathlon",
    write_chests,
    {
        **BY_HEART,
        **_cubes(32),
        "network.channels": "[8, 16, 32]",
        "network.strides": "[2, 2]",
        "network.blocks": "[1, 2, 2]",
        "training.optimizer.momentum": 0.9,
        "training.optimizer.learning_rate": 0.1,
        "training.steps": 250,
    },
)
SWINUNETR = SmallSystem(
    "lung-tumor-swinunetr",
    "Decathlon",
    write_chests,
    {
        **BY_HEART,
        **_cubes(64),
        "network": "{name: swinunetr, feature_size: 12, attention_window: 4, depths: [1, 1, 1, 1]}",
        "preparation.spacing_mm": "[3, 3, 3.5]",
        "training.positive_share": 1,
        "training.optimizer.learning_rate": 0.004,
        "inference.overlap": 0.5,
        "training.steps": 120,
    },
)
LUNGS_2D = SmallSystem(
    "lungs-2d",
    "DICOM and npz",
    write_lung_data,
    {
        "preparation.spacing_mm": "[5, 5, null]",
        "training.patch_size": "[80, 80, 1]",
        "inference.window_size": "[80, 80, 1]",
        "training.steps": 200,
        "training.validation_share": 0,
    },
    least_dice=0.95,
)
PANCREAS_3D = SmallSystem(
    "pancreas-3d",
    "Decathlon",
    write_abdomens,
    {
        "network.strides": "[2, 2]",
        "network.channels": "[8, 16, 32]",
        "training.patch_size": "[32, 32, 16]",
        "inference.window_size": "[32, 32, 16]",
        "training.optimizer.learning_rate": 0.003,
        "training.steps_per_epoch": 50,
        "training.steps": 300,
        "training.validation_share": 0,
    },
)

PANCREAS_MULTITASK = SmallSystem(
    "pancreas-multitask",
    "nnU-Net raw, with subtypes",
    write_subtyped_abdomens,
    {
        "network.memory_gb": 0.05,  # for which patches, levels and strides are planned
        "network.features": 8,
        "network.most_features": 32,
        "network.blocks": "[1]",
        "classification.dropout": 0,
        "training.batch_size": 2,
        "training.positive_share": 0.9,
        "training.augmentation": "{flip_left_right: 0}",
        "training.synthesis": "{}",
        "training.classification.weight": 1,
        "training.optimizer.learning_rate": 0.006,
        "training.optimizer.warmup_steps": 0,
        "training.steps_per_epoch": 30,
        "training.steps": 180,
        "training.validation_share": 0,
    },
)
LUNG_TUMOR_2D = SmallSystem(
    "lung-tumor-2d",
    "Decathlon",
    write_chests,
    {
        **BY_HEART,
        "preparation.spacing_mm": "null",
        "training.patch_size": "[64, 64, 1]",
        "inference.window_size": "[64, 64, 1]",
        "network.channels": "[8, 16, 32]",
        "network.strides": "[[2, 2, 1], [2, 2, 1]]",
        "training.batch_size": 8,
        "network.dropout": 0,
        "training.optimizer.learning_rate": 0.005,
        "training.optimizer.plateau": "{watch: training, patience: 3}",  # no case is held out
        "training.loss.early.epochs": 10,
        "training.steps_per_epoch": 10,
        "training.steps": 200,
    },
)

SYSTEMS = {
    system.recipe: system
    for system in (LUNG_TUMOR, RESENC, SWINUNETR, LUNG_TUMOR_2D, LUNGS_2D, PANCREAS_3D, PANCREAS_MULTITASK)
}
