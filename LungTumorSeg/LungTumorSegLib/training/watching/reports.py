"""What a run tells those who watch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...evaluation import CaseScore


@dataclass(frozen=True)
class EpochReport:
    """An epoch is over; all figures are of the patches trained on, changed at random as they were.

    Attributes
    ----------
    epoch : int
        From 1.
    loss : float or None
        Mean; None where no step had a finite one.
    parts : dict of str to float
        Means of the terms that the loss is the weighted sum of.
    dice : dict of str to float or None
        Of each label by its name, over all voxels of all patches; None where it was neither found nor there.
    macro_f1 : float or None
        Of the classes, where the network tells some.
    classified : int
        Patches that taught classes.
    """

    epoch: int
    loss: float | None
    parts: dict[str, float]
    dice: dict[str, float | None]
    macro_f1: float | None = None
    classified: int = 0


@dataclass(frozen=True)
class StepReport:
    """One optimiser step is done.

    Attributes
    ----------
    step, steps : int
        Steps done, and of the whole run.
    loss : float
        Of this step, over the batches of all processes.
    learning_rate : float
    patches_per_second : float
        Of all processes together, over the last seconds.
    seconds_left : float or None
        At this speed; None until it is known.
    epoch : EpochReport or None
        Where the step ends an epoch.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    patches_per_second: float
    seconds_left: float | None
    epoch: EpochReport | None = None


@dataclass(frozen=True)
class ValidationReport:
    """The network was tried on whole CTs.

    Attributes
    ----------
    step : int
    scores : tuple of CaseScore
    summary : dict
        As `LungTumorSegLib.evaluation.summarize` makes it; with several labels ``label_dice`` too, of each by its
        name, and with classes ``macro_f1``.
    seconds : float
    pictures : tuple of Path
        Files that were drawn anew.
    """

    step: int
    scores: tuple[CaseScore, ...]
    summary: dict
    seconds: float
    pictures: tuple[Path, ...] = ()

    @property
    def score(self) -> float | None:
        """What the best weights are chosen by: the mean Dice, or the mean of that and the macro-averaged F1."""
        dice, f1 = self.summary.get("mean_dice"), self.summary.get("macro_f1")
        return dice if dice is None or f1 is None else (dice + f1) / 2


class Observer(Protocol):
    """Watches a run from its first process; called between steps, and must not take long in `stepped`."""

    def stepped(self, report: StepReport) -> None:
        """Take note of a step."""

    def validated(self, report: ValidationReport) -> None:
        """Take note of a validation."""

    def closed(self) -> None:
        """The run has ended, well or not."""
