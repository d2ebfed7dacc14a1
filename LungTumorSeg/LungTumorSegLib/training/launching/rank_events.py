"""What a rank tells the process that launched it: events, one JSON object a line on standard output."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from ...evaluation import CaseScore
from ..watching.reports import EpochReport, Observer, StepReport, ValidationReport


class Audience(Protocol):
    """Whom a run is shown to."""

    def progress(self, stage: str, fraction: float) -> None:
        """Take note of how far a stage is."""

    def note(self, text: str) -> None:
        """Take note of something worth knowing."""


class Sender:
    """Writes a rank's events; an `LungTumorSegLib.training.watching.reports.Observer` and an `Audience`.

    Parameters
    ----------
    rank : int
    """

    def __init__(self, rank: int):
        self.rank = rank
        self._lock = threading.Lock()

    def send(self, event: str, **content) -> None:
        """Write an event; when nobody reads any more, the run goes on unheard."""
        line = json.dumps({"event": event, "rank": self.rank, **content}, ensure_ascii=True) + "\n"
        with self._lock, contextlib.suppress(BrokenPipeError, ValueError):
            sys.stdout.write(line)
            sys.stdout.flush()

    def progress(self, stage: str, fraction: float) -> None:
        """Tell how far a stage is; a `LungTumorSegLib.progress.Progress`."""
        self.send("progress", stage=stage, fraction=fraction)

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        self.send("note", text=text)

    def stepped(self, report: StepReport) -> None:
        """Pass a report on; JSON of Python's reads and writes NaN."""
        self.send("step", **asdict(report))

    def validated(self, report: ValidationReport) -> None:
        """Pass a report on."""
        scores = [asdict(score) for score in report.scores]
        pictures = [str(path) for path in report.pictures]
        self.send(
            "validation",
            step=report.step,
            scores=scores,
            summary=report.summary,
            seconds=report.seconds,
            pictures=pictures,
        )

    def closed(self) -> None:
        """The last word is that of `ended`."""

    def started(self, restarts: int) -> None:
        """Say that this rank is there, and under which process number signals reach it."""
        self.send("started", pid=os.getpid(), restarts=restarts)

    def ended(self, status: int, message: str) -> None:
        """Say how this rank ended; ``message`` is empty where all is well."""
        self.send("ended", status=status, message=message)


class SenderHandler(logging.Handler):
    """Passes log records on as notes."""

    def __init__(self, sender: Sender, level: int):
        super().__init__(level)
        self.sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record's message."""
        about = f"process {self.sender.rank}: " if self.sender.rank else ""
        self.sender.note(about + record.getMessage())


def retell(event: dict, audience: Audience, observer: Observer) -> None:
    """Tell an audience what a `Sender` wrote; other events are not for it."""
    content = {name: value for name, value in event.items() if name not in ("event", "rank")}
    tell: dict[str, Callable] = {
        "progress": lambda: audience.progress(**content),
        "note": lambda: audience.note(**content),
        "step": lambda: observer.stepped(_step(content)),
        "validation": lambda: observer.validated(_validation(content)),
    }
    if event["event"] in tell:
        tell[event["event"]]()


def _step(content: dict) -> StepReport:
    epoch = content.get("epoch")
    return StepReport(**{**content, "epoch": EpochReport(**epoch) if epoch else None})


def _validation(content: dict) -> ValidationReport:
    scores = tuple(CaseScore(**score) for score in content["scores"])
    pictures = tuple(Path(path) for path in content["pictures"])
    return ValidationReport(**{**content, "scores": scores, "pictures": pictures})
