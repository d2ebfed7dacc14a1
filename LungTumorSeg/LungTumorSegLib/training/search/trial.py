"""One trial: a training like any other, watched by Optuna."""

from __future__ import annotations

import gc
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...progress import Progress
from ...recipe.schema import Recipe
from ..optimizing.checkpoint import LAST
from ..optimizing.step_losses import NotFiniteError
from ..processes.stopping import Stop
from ..start import start_run
from ..watching.history import read_history
from ..watching.reports import Observer, StepReport, ValidationReport

if TYPE_CHECKING:
    from optuna.trial import Trial

log = logging.getLogger(__name__)


class TrialPrunedError(Exception):
    """The trial does worse than others did at this step."""


class TrialFailedError(Exception):
    """The trial cannot be trained to its end; others can."""


class Watcher:
    """Tells Optuna of validations; an `LungTumorSegLib.training.watching.reports.Observer`.

    Parameters
    ----------
    trial : Trial

    Attributes
    ----------
    dice : dict of int to float
        Mean Dice of the validations so far, by step.
    """

    def __init__(self, trial: Trial):
        self.trial = trial
        self.dice: dict[int, float] = {}

    def stepped(self, report: StepReport) -> None:
        """Nothing is to be told of a step."""

    def validated(self, report: ValidationReport) -> None:
        """Report the mean Dice; raise `TrialPrunedError` where the trial is not worth going on with."""
        self.take(report.step, report.summary["mean_dice"])

    def closed(self) -> None:
        """Nothing is open."""

    def take_history(self, folder: Path) -> None:
        """Report the validations of a run that goes on, of which Optuna may have missed the last."""
        for row in read_history(folder):
            if row["kind"] == "validation":
                self.take(row["step"], row["summary"]["mean_dice"])

    def take(self, step: int, dice: float | None) -> None:
        """Report one validation; of those without a case that could be scored there is nothing to report."""
        if dice is None:
            return
        self.dice[step] = dice
        if step not in self.trial.study.trials[self.trial.number].intermediate_values:
            self.trial.report(dice, step)
        if self.trial.should_prune():
            raise TrialPrunedError


@dataclass(frozen=True)
class Setting:
    """What the trainings of a search have in common; attributes as in `start_run`."""

    data: Path
    seed: int
    device: str
    workers: int | None
    leave_out: Sequence[str]
    validate: Sequence[str]
    fold: tuple[int, int] | None
    cache: Path | None = None


def train_trial(
    trial: Trial,
    recipe: Recipe,
    folder: Path,
    setting: Setting,
    observers: Sequence[Observer],
    stop: Stop,
    progress: Progress,
) -> float:
    """Train one trial, from its checkpoint if there is one.

    Parameters
    ----------
    trial : optuna.trial.Trial
        Is told of each validation.
    recipe : Recipe
        With the trial's values in it.
    folder : Path
        The trial's run.
    setting : Setting
    observers : sequence of Observer
    stop : Stop
    progress : callable

    Returns
    -------
    float
        Mean Dice of its best validation.

    Raises
    ------
    TrialPrunedError, TrialFailedError
    StopRequested
        After a checkpoint.
    """
    resume = (folder / LAST).is_file()
    if not resume and folder.exists() and trial.user_attrs.get("begun"):
        shutil.rmtree(folder)  # killed before its first checkpoint
    trial.set_user_attr("begun", True)
    watcher, started = Watcher(trial), time.monotonic()
    try:
        if resume:
            watcher.take_history(folder)
        with stop.at_once():
            ready = start_run(recipe, folder=folder, resume=resume, progress=progress, **vars(setting))
        for line in ready.describe():
            log.info("%s", line)
        ready.train([*observers, watcher], stop)
    except NotFiniteError as error:
        raise TrialFailedError(error.what) from error
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrialFailedError("there is not enough memory for it") from error
    finally:
        seconds = trial.user_attrs.get("seconds", 0.0) + time.monotonic() - started
        trial.set_user_attr("seconds", round(seconds, 3))
        _free_memory()
    if not watcher.dice:
        raise TrialFailedError("no validation gave a Dice")
    return max(watcher.dice.values())


def _free_memory() -> None:
    """Give back what the last network held, before the next one is made."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
