"""What a training run says while it runs: a bar on a terminal, a line now and then in a log, or JSON events."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..wording import counted
from .bars import TrainingBar, is_terminal
from .console import Console

if TYPE_CHECKING:
    from ..training.watching.reports import StepReport, ValidationReport

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BETWEEN_EVENTS = 1.0
AVERAGED = 20  # steps whose mean loss is shown


class TrainingDisplay:
    """Shows a run; an `LungTumorSegLib.training.watching.reports.Observer`.

    On a terminal a bar, in a log a line every half minute and at the end, with ``--json`` the events ``step`` (one a
    second at most, and the last) and ``validation``. A validation is a line of its own, which stays.
    """

    def __init__(self, console: Console):
        self.console = console
        self._losses: deque[float] = deque(maxlen=AVERAGED)
        self._dice: float | None = None
        self._told = time.monotonic()

    def stepped(self, report: StepReport) -> None:
        """Show the step, or keep still until it is time."""
        self._losses.append(report.loss)
        last = report.step == report.steps
        if self.console.json:
            if last or self._is_time(SECONDS_BETWEEN_EVENTS):
                self.console.event("step", **_numbers(asdict(report)))
        elif is_terminal():
            self.console.live(TrainingBar).show(report.step, report.steps, self._figures(report, "  "))
        elif last or self._is_time(SECONDS_BETWEEN_LINES):
            self.console.note(f"step {report.step} of {report.steps}: {self._figures(report, ', ')}")

    def validated(self, report: ValidationReport) -> None:
        """Say how the validation went."""
        self._dice = report.summary["mean_dice"]
        if self.console.json:
            content = {"step": report.step, "seconds": report.seconds, "summary": report.summary}
            cases = [asdict(score) for score in report.scores]
            self.console.event("validation", **content, cases=cases, pictures=[str(path) for path in report.pictures])
        else:
            self.console.note(f"step {report.step}: {in_words(report)}")

    def closed(self) -> None:
        """Take the bar away."""
        self.console.end_live()

    def _is_time(self, seconds: float) -> bool:
        if time.monotonic() - self._told < seconds:
            return False
        self._told = time.monotonic()
        return True

    def _figures(self, report: StepReport, between: str) -> str:
        """Loss, Dice once it is known, patches/s and the time left."""
        figures = [f"loss {sum(self._losses) / len(self._losses):.4f}"]
        if self._dice is not None:
            figures.append(f"Dice {self._dice:.3f}")
        figures.append(f"{report.patches_per_second:.1f} patches/s")
        if report.seconds_left is not None:
            figures.append(f"{clock(report.seconds_left)} left")
        return between.join(figures)


def in_words(report: ValidationReport) -> str:
    """Say in a line how a validation went."""
    if not report.scores:
        return "no case could be validated"
    summary, dices = report.summary, [score.dice for score in report.scores if score.dice is not None]
    words = [clock(report.seconds)]
    if summary["lesions"] or summary["false_positives_per_scan"]:
        found = sum(score.lesions_found for score in report.scores)
        false = f"{summary['false_positives_per_scan']:.1f} false positives per scan"
        words = [f"{found} of {counted(summary['lesions'], 'lesion')} found", false, *words]
    if dices:
        spread = f" ({min(dices):.2f} to {max(dices):.2f})" if len(dices) > 1 else ""
        words.insert(0, f"mean Dice {summary['mean_dice']:.3f}{spread}")
    if summary.get("macro_f1") is not None:
        words.insert(1, f"macro F1 {summary['macro_f1']:.3f}")
    cases = counted(len(report.scores), "case")
    return f"{cases} validated: {', '.join(words)}"


def _numbers(content: dict) -> dict:
    return {
        name: _numbers(value) if isinstance(value, dict) else _number(value) if isinstance(value, float) else value
        for name, value in content.items()
    }


def _number(value: float | None) -> float | None:
    """JSON has neither NaN nor infinity."""
    return value if value is None or math.isfinite(value) else None


def clock(seconds: float) -> str:
    """Write a duration as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
