"""The training loop: from step to step, with checkpoints and validations between."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Sequence

from ...recipe import dump_recipe
from ...volume.files import write_text
from ..patches.batches import PatchDataset, batches
from ..processes.stopping import Stop
from ..watching.pace import Pace
from ..watching.reports import EpochReport, Observer, StepReport, ValidationReport
from .randomness import undisturbed
from .run import TrainingRun
from .schedule import check_what_is_waited_for

log = logging.getLogger(__name__)

READ_EVERY_ON_GPU = 10  # steps; each reading of losses waits for the GPU

Validate = Callable[[TrainingRun], ValidationReport | None]


def train(
    run: TrainingRun,
    observers: Sequence[Observer] = (),
    validate: Validate | None = None,
    stop: Stop | None = None,
) -> None:
    """Train to the recipe's last step.

    Parameters
    ----------
    run : TrainingRun
    observers : sequence of Observer
        Are told of steps and validations, in the first process. What they raise ends the run.
    validate : callable, optional
        Tries ``run.average.weights``; called in the first process, while the others wait.
    stop : Stop, optional
        Ends the run, in all processes after the same step, when any of them is asked to.

    Raises
    ------
    StopRequested
        After the checkpoint is written.
    NotFiniteError
        As the recipe's ``not_finite`` says; the checkpoint is from before.
    InputError
        The folder cannot be written (any more); the last checkpoint is intact.
    """
    check_what_is_waited_for(run.recipe.training.optimizer, validates=validate is not None)
    if run.ranks.is_first:
        write_text(run.folder / "recipe.yaml", dump_recipe(run.recipe))
    told = tuple(observers) if run.ranks.is_first else ()
    try:
        Loop(run, told, validate, stop or Stop()).train()
    except BaseException:
        for observer in told:
            with contextlib.suppress(Exception):  # what ended the run is what is to be told
                observer.closed()
        raise
    for observer in told:
        observer.closed()


class Loop:
    """One `train`."""

    def __init__(self, run: TrainingRun, observers: tuple[Observer, ...], validate: Validate | None, stop: Stop):
        self.run, self.observers, self.validate, self.stop = run, observers, validate, stop
        self.settings = run.recipe.training
        self.pace = Pace()

    def train(self) -> None:
        """Do the steps that are left."""
        run = self.run
        if run.step == 0:
            run.save()  # shows that it can be written; and what is killed before the next one can be resumed too
        self._validate_if_due()  # what a stop may have prevented
        dataset = PatchDataset(run.sampler, run.recipe)
        self.pace.mark(run.step)
        for step_batches in batches(dataset, run.step, run.workers, run.ranks, pinned=run.device.is_cuda):
            epoch = run.step // self.settings.steps_per_epoch
            run.step_losses.add(run.stepper.step(step_batches, run.schedule.rate(run.step), epoch))
            run.average.update(run.step)
            run.step += 1
            self._do_what_is_due()

    def _do_what_is_due(self) -> None:
        """After a step: read the losses, write a checkpoint, validate, or end."""
        stops = self.run.ranks.any(self.stop.requested)
        saves = stops or self._is_due(self.settings.checkpoint_every_steps) or self._validation_is_due()
        ends_epoch = self._is_due(self.settings.steps_per_epoch)
        if saves or ends_epoch or self._is_due(READ_EVERY_ON_GPU if self.run.device.is_cuda else 1):
            self._read_losses(ends_epoch)
        if saves:
            self.run.save()
        if stops:
            log.info("stopped after step %d of %d; the checkpoint is written", self.run.step, self.settings.steps)
            self.stop.leave()
        self._validate_if_due()

    def _is_due(self, every: int) -> bool:
        return self.run.step % every == 0 or self.run.step == self.settings.steps

    def _read_losses(self, ends_epoch: bool) -> None:
        """Read the losses of the steps since the last reading, and tell the observers; the last may end an epoch."""
        run = self.run
        self.pace.mark(run.step)
        speed = self.pace.steps_per_second * run.patches_per_step
        for step, loss in run.step_losses.read(run.step):
            left = self.pace.seconds_for(self.settings.steps - step)
            rate = run.schedule.rate(step - 1)
            epoch = self._end_epoch() if ends_epoch and step == run.step else None
            report = StepReport(step, self.settings.steps, loss, rate, speed, left, epoch)
            for observer in self.observers:
                observer.stepped(report)

    def _end_epoch(self) -> EpochReport:
        report = self.run.step_losses.end_epoch(math.ceil(self.run.step / self.settings.steps_per_epoch))
        schedule = self.run.schedule
        if report.loss is not None and schedule.waits_for("training") and schedule.observe(report.loss):
            self._say_lowered("training loss")
        return report

    def _validation_is_due(self) -> bool:
        due = self.run.step > 0 and self._is_due(self.settings.validate_every_steps)
        return self.validate is not None and due and self.run.validated_step != self.run.step

    def _validate_if_due(self) -> None:
        """Validate; this step's checkpoint is already written, so a stop may interrupt it."""
        if not self._validation_is_due():
            return
        with self.stop.at_once(), undisturbed(self.run.device.is_cuda):
            report = self.run.ranks.first_alone(lambda: self.validate(self.run), check=self.stop.check)
        self.run.validated_step = self.run.step
        self._take_score(report)
        for observer in self.observers if report else ():
            observer.validated(report)
        if self.run.step == self.settings.steps:
            self.run.save()
        self.pace.forget()
        self.pace.mark(self.run.step)

    def _take_score(self, report: ValidationReport | None) -> None:
        """Keep the weights if they are the best so far, and lower the rate if it waits for that; in every process."""
        score = report.score if report else None
        score = self.run.ranks.from_first(math.nan if score is None else score)
        if math.isnan(score):
            return
        if self.run.best_score is None or score > self.run.best_score:
            self.run.save_best(score)
        if self.run.schedule.waits_for("validation") and self.run.schedule.observe(-score):
            self._say_lowered("validation's score")

    def _say_lowered(self, watched: str) -> None:
        log.info("the %s gets no better; the learning rate is now %g", watched, self.run.schedule.rate(self.run.step))
