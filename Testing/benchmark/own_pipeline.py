"""The project's own training, as the loop does it, and its bare step on patches that are already on the device."""

from __future__ import annotations

import argparse
import os
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.interleaved import wait_for
from LungTumorSegLib.phantom.dataset import write_dataset
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.training.optimizing.loop import READ_EVERY_ON_GPU
from LungTumorSegLib.training.optimizing.run import TrainingRun
from LungTumorSegLib.training.patches.batches import BATCHES_AHEAD, PatchDataset, batches
from LungTumorSegLib.training.start import start_run

ENDLESS = 1_000_000  # steps: no pipeline ends before the benchmark does
PHANTOMS = 6
DIFFERENT_BATCHES = 8  # that the bare step is shown


class OwnPipeline:
    """Loader processes, augmentation, network, loss, optimiser, average of the weights, and the reading of losses."""

    def __init__(self, run: TrainingRun, name: str = "this project"):
        self.run, self.name = run, name
        dataset = PatchDataset(run.sampler, run.recipe)
        self.batches = batches(dataset, run.step, run.workers, run.ranks, pinned=run.device.is_cuda)
        self.queued = BATCHES_AHEAD * run.workers

    def steps(self, count: int) -> int:
        if count == 1:  # what was queued up in a pause is taken off and not timed
            for _ in islice(self.batches, self.queued):
                pass
        return train(self.run, islice(self.batches, count))


class BareStep:
    """The same step, on a few real batches that lie on the device."""

    def __init__(self, run: TrainingRun, source: OwnPipeline, name: str = "bare step"):
        self.run, self.name = run, name
        device = run.device.device
        self.batches = [
            [tuple(part.to(device) for part in batch) for batch in step]
            for step in islice(source.batches, DIFFERENT_BATCHES)
        ]

    def steps(self, count: int) -> int:
        return train(self.run, (self.batches[number % len(self.batches)] for number in range(count)))


def train(run: TrainingRun, steps) -> int:
    """Do what `LungTumorSegLib.training.optimizing.loop.Loop` does from step to step; return the number of patches."""
    every = READ_EVERY_ON_GPU if run.device.is_cuda else 1
    done = 0
    for step in steps:
        run.step_losses.add(run.stepper.step(step, run.schedule.rate(run.step), 0))
        run.average.update(run.step)
        run.step, done = run.step + 1, done + 1
        if done % every == 0:
            list(run.step_losses.read(run.step))
    wait_for(run.device.device)
    list(run.step_losses.read(run.step))
    return done * run.patches_per_step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that both benchmarks of training take."""
    parser.add_argument("--recipe", default="lung-tumor", help="packaged recipe or YAML file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe")
    parser.add_argument(
        "--data", type=Path, help="data set; by default the folder train of LUNGTUMORSEG_DATA, or else phantoms"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, help="loader processes of each pipeline; by default as `train` takes")
    parser.add_argument("--steps", type=int, help="of a turn; by default 15 on a CPU and 200 on a GPU")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--settle", type=float, default=2.0, metavar="SECONDS", help="pause between turns")


@contextmanager
def prepared_run(arguments: argparse.Namespace):
    """Give a run that is ready to go, its data set and the steps of a turn."""
    recipe = load_recipe(arguments.recipe)
    recipe = override(recipe, [f"training.steps={ENDLESS}", "training.validation_share=0", *arguments.set])
    with TemporaryDirectory() as temporary:
        data = arguments.data or _default_data(Path(temporary) / "phantoms")
        ready = start_run(
            recipe, data, Path(temporary) / "run", device=arguments.device, workers=arguments.workers, seed=0
        )
        steps = arguments.steps or (200 if ready.run.device.is_cuda else 15)
        yield ready.run, data, steps


def _default_data(phantoms: Path) -> Path:
    if named := os.environ.get("LUNGTUMORSEG_DATA"):
        return Path(named) / "train"
    write_dataset(phantoms, PHANTOMS)
    return phantoms
