"""A run that is ready to go: what is said of it before, and what is done besides the training itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..progress import Progress, silent
from ..wording import counted, first_names
from .data.opening import TrainingData
from .data.planning import NAME as PLAN
from .data.split import Split
from .optimizing.loop import train
from .optimizing.run import TrainingRun
from .processes.stopping import Stop
from .watching.observers import observers_for
from .watching.reports import Observer

NAMES_SHOWN = 10


@dataclass(frozen=True, eq=False)
class ReadyRun:
    """A run, and the cases that it is validated on.

    Attributes
    ----------
    run : TrainingRun
    split : Split
    data : TrainingData
    progress : callable
        Is told how far a validation is.
    skipped : tuple of str
        Names of cases that could not be used.
    """

    run: TrainingRun
    split: Split
    data: TrainingData
    progress: Progress = silent
    skipped: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """Say, a line each, what was chosen and why."""
        run, training = self.run, self.run.recipe.training
        processes = counted(run.ranks.count, "process", "processes") if run.ranks.count > 1 else "one process"
        loaders = counted(run.workers, "loader process", "loader processes")
        loaders = "patches made in between" if not run.workers else loaders + " each" * (run.ranks.count > 1)
        cases, steps = counted(len(self.data.cases), "case"), counted(training.steps, "step")
        patches = counted(run.patches_per_step, "patch", "patches")
        lines = [
            f"training on {run.device.describe()}, {processes}, {loaders}",
            f"{cases} ({self.data.where}); {self.split.why}",
            f"{training.steps - run.step} of {steps} to do, {patches} each",
        ]
        if self.data.plan:
            lines.append(f"planned ({PLAN}): {'; '.join(self.data.plan.why)}")
        if self.skipped:
            skipped = counted(len(self.skipped), "case")
            lines.append(f"{skipped} left out, since unusable: {first_names(self.skipped, NAMES_SHOWN)}")
        return lines

    def train(self, observers: Sequence[Observer] = (), stop: Stop | None = None) -> None:
        """Train to the last step; parameters and errors as of `LungTumorSegLib.training.optimizing.loop.train`.

        The files to look at are written besides what ``observers`` do.
        """
        run, validate = self.run, None
        if self.split.validation:
            from .validating.validation import Validation

            validation = Validation(run.recipe, self.split.validation, run.folder, run.device.device)

            def validate(run: TrainingRun):
                return validation(run.average.weights, run.step, self.progress)

        own = []
        if run.ranks.is_first:
            own = observers_for(run.folder, run.recipe.training.steps, run.step, run.validated_step)
        train(run, [*own, *observers], validate, stop)
