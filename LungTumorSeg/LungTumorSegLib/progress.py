"""How long work tells where it is, and how it is stopped.

Every function that can take more than a moment has a keyword ``progress``: a callable
``progress(stage, fraction)`` with the stage's name and a number from 0 to 1. It is called between units of work
(between windows, for the network). To cancel, it raises `LungTumorSegLib.errors.CancelledError`, which passes
through unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]


def silent(stage: str, fraction: float) -> None:
    """Report to nobody; the default."""


class StageTimer:
    """Seconds spent in each stage, in the order in which the stages began.

    Attributes
    ----------
    seconds : dict of str to float
        Stage name to seconds; a stage entered twice is summed.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of a ``with`` statement under ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
