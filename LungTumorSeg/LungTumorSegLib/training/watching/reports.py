"""What a run tells those who watch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...evaluation import CaseScore


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
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    patches_per_second: float
    seconds_left: float | None


@dataclass(frozen=True)
class ValidationReport:
    """The network was tried on whole CTs.

    Attributes
    ----------
    step : int
    scores : tuple of CaseScore
    summary : dict
        As `LungTumorSegLib.evaluation.summarize` makes it.
    seconds : float
    pictures : tuple of Path
        Files that were drawn anew.
    """

    step: int
    scores: tuple[CaseScore, ...]
    summary: dict
    seconds: float
    pictures: tuple[Path, ...] = ()


class Observer(Protocol):
    """Watches a run from its first process; called between steps, and must not take long in `stepped`."""

    def stepped(self, report: StepReport) -> None:
        """Take note of a step."""

    def validated(self, report: ValidationReport) -> None:
        """Take note of a validation."""

    def closed(self) -> None:
        """The run has ended, well or not."""
