"""How fast a run goes, and how long it will take."""

from __future__ import annotations

import time
from collections import deque

WINDOW_SECONDS = 30.0


class Pace:
    """Steps a second over the last half minute.

    Parameters
    ----------
    clock : callable
        Seconds since any moment.
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, step: int) -> None:
        """Take note that ``step`` steps are done."""
        now = self._clock()
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW_SECONDS:
            self._marks.popleft()

    def forget(self) -> None:
        """Begin anew: something else than training took time."""
        self._marks.clear()

    @property
    def steps_per_second(self) -> float:
        """0 until it is known."""
        if len(self._marks) < 2:
            return 0.0
        (first, begin), (last, end) = self._marks[0], self._marks[-1]
        return (end - begin) / max(last - first, 1e-9)

    def seconds_for(self, steps: int) -> float | None:
        """How long ``steps`` more will take; None until it is known."""
        speed = self.steps_per_second
        return steps / speed if speed > 0 else None
