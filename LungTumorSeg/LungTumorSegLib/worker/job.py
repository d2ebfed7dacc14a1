"""One CT that is being segmented: where it is, and what came of it."""

from __future__ import annotations

import time
from typing import Protocol

from ..errors import CancelledError, InputError
from ..progress import Progress, silent
from ..volume import Volume
from .outcome import WorkerError, WorkerFailure, WorkerResult

PAUSE_S = 0.01  # between two looks while a caller waits
PATIENCE_S = 0.2  # after which a caller is told the same again, so that it can cancel


class Runner(Protocol):
    """What runs a job: `LungTumorSegLib.worker.Worker`."""

    def poll(self) -> None:
        """Renew what the job says."""

    def cancel(self) -> None:
        """End it now."""


class Job:
    """The handle on one segmentation; `Worker.poll` renews it.

    Attributes
    ----------
    state : str
        ``"running"``, ``"done"``, ``"failed"`` or ``"cancelled"``.
    stage : str
        ``"starting"`` (the process), ``"transfer"``, ``"loading"``, ``"preparing"``, ``"network"``, ``"resampling"``,
        ``"postprocessing"``, ``"result"``.
    fraction : float
        How much of the stage is done, 0 to 1.
    overall : float
        How much of everything, 0 to 1, by estimated time; it never goes back.
    seconds_left : float or None
        Estimated; None until there is something to base it on.
    preview : Volume of uint8, or None
        The mask so far, cut to its box; renewed, and `preview_count` with it.
    preview_count : int
    result : WorkerResult or None
    failure : WorkerFailure or None
    """

    def __init__(self, worker: Runner):
        self._worker = worker
        self.state = "running"
        self.stage = "starting"
        self.fraction = 0.0
        self.overall = 0.0
        self.seconds_left: float | None = None
        self.preview: Volume | None = None
        self.preview_count = 0
        self.result: WorkerResult | None = None
        self.failure: WorkerFailure | None = None

    def wait(self, progress: Progress = silent) -> WorkerResult:
        """Block until it is over.

        Parameters
        ----------
        progress : callable
            Called as ``progress(stage, fraction)`` when something has changed, and several times a second; cancels by
            raising `CancelledError`.

        Raises
        ------
        InputError
            What was given cannot be used.
        WorkerError
            The worker failed.
        CancelledError
            Out of ``progress``, or somebody else cancelled. Whatever ``progress`` raises, and Ctrl+C, cancels.
        """
        told, told_at = None, 0.0
        try:
            while self.state == "running":
                self._worker.poll()
                if told != (self.stage, self.fraction) or time.monotonic() > told_at + PATIENCE_S:
                    told, told_at = (self.stage, self.fraction), time.monotonic()
                    progress(*told)
                if self.state == "running":
                    time.sleep(PAUSE_S)
        except BaseException:
            if self.state == "running":
                self._worker.cancel()
            raise
        if self.state == "cancelled":
            raise CancelledError
        if self.failure is not None:
            if self.failure.kind == "input":
                raise InputError(self.failure.what, self.failure.where, self.failure.do)
            raise WorkerError(self.failure)
        return self.result
