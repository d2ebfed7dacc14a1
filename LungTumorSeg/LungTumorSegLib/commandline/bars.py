"""How far long work is: a live bar on a terminal, a line a stage in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Bar:
    """A live bar a stage, on a terminal; they vanish when the work ends."""

    def __init__(self):
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<15}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        self.display = Progress(*columns, TimeElapsedColumn(), console=Terminal(stderr=True), transient=True)
        self.display.start()
        self.tasks: dict[str, int] = {}

    def show(self, stage: str, fraction: float) -> None:
        """Move a stage's bar."""
        if stage not in self.tasks:
            self.tasks[stage] = self.display.add_task(stage, total=1.0)
        self.display.update(self.tasks[stage], completed=fraction)

    def end(self) -> None:
        """Take the bars away."""
        self.display.stop()


class Lines:
    """A line a stage, for logs.

    Parameters
    ----------
    say : callable
        Prints a line.
    """

    def __init__(self, say: Callable[[str], None]):
        self.say = say
        self.stage = ""

    def show(self, stage: str, fraction: float) -> None:
        """Name a stage that begins."""
        if stage != self.stage:
            self.stage = stage
            self.say(f"{stage} …")

    def end(self) -> None:
        """Nothing is left to take away."""


class TrainingBar:
    """A live bar with what a training run is at, on a terminal."""

    def __init__(self):
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("step {task.completed}/{task.total}"), BarColumn(bar_width=None))
        columns += (TextColumn("{task.fields[figures]}"),)
        self.display = Progress(*columns, console=Terminal(stderr=True), transient=True, expand=True)
        self.task = None

    def show(self, step: int, steps: int, figures: str) -> None:
        """Move the bar and renew the figures beside it."""
        if self.task is None:
            self.task = self.display.add_task("training", completed=step, total=steps, figures=figures)
            self.display.start()
        self.display.update(self.task, completed=step, total=steps, figures=figures)

    def end(self) -> None:
        """Take the bar away."""
        self.display.stop()


def is_terminal() -> bool:
    """Tell whether somebody watches stderr."""
    return sys.stderr is not None and sys.stderr.isatty()
