"""Training runs in seconds: two small cases, one with a tumour, a recipe for them, and observers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.data.cases import TrainingCase
from LungTumorSegLib.training.optimizing.run import TrainingRun
from LungTumorSegLib.training.patches.nodules import Nodule
from LungTumorSegLib.training.patches.sampling import PatchSampler
from LungTumorSegLib.training.processes.distributed import Ranks
from LungTumorSegLib.training.processes.stopping import Stop
from LungTumorSegLib.training.watching.reports import StepReport, ValidationReport

SHAPE, SPACING = (40, 44, 48), (1.5, 1.5, 1.5)  # zyx, mm


# On top of the small recipe: a head. The case with a tumour is of class 1.
HEAD = (
    "network={name: resenc, channels: [4, 8], strides: [2], blocks: [1, 1], deep_supervision: false}",
    "classification={names: {0: A, 1: B}}",
    "training.classification={class_weights: null}",
)


def small_recipe() -> Recipe:
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
    lung, anywhere = np.argwhere(~solid & (label == 0)), np.argwhere(~solid)
    hu = hu.astype(np.int16)
    return TrainingCase(name, hu, label, solid, lung, anywhere, lesions, SPACING, ~solid, subtype=int(tumor))


def make_cases() -> list[TrainingCase]:
    return [make_case("with", 1, True), make_case("without", 2, False)]


def make_nodules() -> list[Nodule]:
    mask = np.zeros((6, 12, 12), dtype=bool)
    mask[1:5, 3:9, 3:9] = True
    return [Nodule(np.where(mask, 20, -800).astype(np.int16), mask, (2.5, 0.8, 0.8))]


def small_run(
    folder: Path, *settings: str, workers: int = 0, ranks: Ranks | None = None, device: str = "cpu", seed: int = 3
) -> TrainingRun:
    """Make a run of the small cases, with these settings on top of the small recipe; float32 unless they say."""
    recipe = override(small_recipe(), ["training.precision=float32", *settings])
    patches = PatchSampler(make_cases(), make_nodules(), recipe.training, recipe.preparation, seed=seed)
    choice = choose_device(device, recipe.training.precision)
    return TrainingRun(recipe, patches, folder, choice, workers, ranks or Ranks())


class Recorder:
    """Keeps every report."""

    def __init__(self):
        self.steps: list[StepReport] = []
        self.validations: list[ValidationReport] = []
        self.closed_times = 0

    def stepped(self, report: StepReport) -> None:
        self.steps.append(report)

    def validated(self, report: ValidationReport) -> None:
        self.validations.append(report)

    def closed(self) -> None:
        self.closed_times += 1


class StopAfter(Recorder):
    """Asks for the end while step ``step + 1`` is about to begin: the run ends after it."""

    def __init__(self, step: int, stop: Stop):
        super().__init__()
        self.step, self.stop = step, stop

    def stepped(self, report: StepReport) -> None:
        super().stepped(report)
        if report.step == self.step - 1:
            self.stop.ask()
