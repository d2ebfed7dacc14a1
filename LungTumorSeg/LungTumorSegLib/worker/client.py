"""The handle on the worker: starts it, gives it a CT, follows it, ends it."""

from __future__ import annotations

import weakref
from pathlib import Path

from ..errors import InputError
from ..volume import Volume
from .diagnosis import DETAILS_LINES, diagnose, no_room, not_startable, not_understood
from .exchange import Exchange, check_voxels, read_failure
from .job import Job
from .log import LogTail
from .outcome import DeviceInfo, WorkerFailure
from .pace import History
from .process import WorkerProcess, default_command
from .protocol import PROTOCOL, RubbishError
from .voxels import sweep

DEFAULT_MODEL = "lung-tumor"


class Worker:
    """The one warm process of an application.

    Nothing here waits: `start`, `segment` and `cancel` return at once, and `poll` takes a few milliseconds. Not for
    use by several threads.

    Parameters
    ----------
    command : list of str, optional
        What is started; by default the worker of this package, by this Python.

    Attributes
    ----------
    job : Job or None
        The last one.
    devices : list of DeviceInfo, or None
        What the network can run on; None until the worker is ready.
    automatic : DeviceInfo or None
        What ``device="auto"`` means; its ``reason`` says why.
    failure : WorkerFailure or None
        Why there is no process, where it ended by itself; None while there is one.
    """

    def __init__(self, command: list[str] | None = None):
        self.command = command
        self.job: Job | None = None
        self.devices: list[DeviceInfo] | None = None
        self.automatic: DeviceInfo | None = None
        self.failure: WorkerFailure | None = None
        self._process: WorkerProcess | None = None
        self._is_ready = False
        self._dying: list[WorkerProcess] = []
        self._log = LogTail()
        self._exchange: Exchange | None = None
        self._number = 0
        self._target = _target(DEFAULT_MODEL, "auto")
        self._history = History()

    @property
    def state(self) -> str:
        """``"stopped"``, ``"starting"``, ``"ready"`` (and idle) or ``"busy"`` (with a job, be it ready or not)."""
        if self._exchange is not None:
            return "busy"
        if self._process is None:
            return "stopped"
        return "ready" if self._is_ready else "starting"

    def start(self) -> None:
        """Start the process, unless there is one; it imports torch, examines the devices and loads a network."""
        if self._process is not None:
            return
        sweep()
        self.failure = self.devices = self.automatic = None
        try:
            self._process = WorkerProcess(self.command or default_command())
        except OSError as error:
            self.failure = not_startable(error)
            return
        self._log = self._process.log
        # Also when the interpreter ends, and when nobody holds this handle any more.
        self._end = weakref.finalize(self, WorkerProcess.kill, self._process)
        self._process.send({"request": "warm", **self._target})

    def segment(
        self,
        ct: Volume,
        *,
        model: str | Path = DEFAULT_MODEL,
        device: str = "auto",
        overlap: float | None = None,
        preview: bool = False,
    ) -> Job:
        """Begin to segment a CT; the process is started where there is none.

        Parameters
        ----------
        ct : Volume
            Chest CT in HU on any grid. Its array must not change until the job's stage is past ``"transfer"``.
        model : str or Path
            Name of a packaged model, or a model folder.
        device : str
            ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        overlap : float, optional
            Overlap of the network's windows, in place of the recipe's.
        preview : bool
            Whether the job shows the mask while windows finish.

        Returns
        -------
        Job
            Whatever goes wrong later stands in its ``failure``.

        Raises
        ------
        InputError
            Another CT is being segmented, or this one has no voxels that are numbers.
        """
        self.poll()  # a process that has died meanwhile must not get the CT
        if self._exchange is not None:
            raise InputError("the worker is busy with another CT", do="wait until it is done, or cancel it")
        check_voxels(ct)
        self._target = _target(model, device)
        self.start()
        self._number += 1
        self.job = job = Job(self)
        if self._process is None:
            self._conclude("failed", self.failure)
            return job
        overlap = None if overlap is None else float(overlap)
        request = {**self._target, "overlap": overlap, "preview": bool(preview)}
        try:
            self._exchange = Exchange(
                job, self._number, ct, request, self._process, is_ready=self._is_ready, history=self._history
            )
        except OSError as error:
            self._conclude("failed", no_room(error))
        return job

    def poll(self) -> None:
        """Take what the process has said, and move the job on. Never waits."""
        self._dying = [process for process in self._dying if not process.is_gone()]
        process = self._process
        if process is None:
            return
        status = process.status  # before reading, so that what it said last is read
        try:
            for event in process.receive():
                self._take(event)
            if self._exchange is not None and status is None:
                self._exchange.step()
        except (RubbishError, KeyError, TypeError, ValueError, OverflowError) as error:
            self._fail(not_understood(error, self.log_tail()))
        except (OSError, MemoryError) as error:
            self._fail(no_room(error))
        if status is not None and self._process is process:
            stage = self.job.stage if self._exchange is not None else "starting" if not self._is_ready else "waiting"
            self._fail(diagnose(status, self.log_tail(), stage))

    def cancel(self) -> None:
        """Kill the process and its descendants now, end the job as cancelled, and start a new process."""
        if self._exchange is not None:
            self._kill()
            self._conclude("cancelled")
            self.start()

    def close(self) -> None:
        """Kill the process and its descendants; a job ends as cancelled. Can be called again, and `start` after it."""
        self._kill()
        if self._exchange is not None:
            self._conclude("cancelled")
        while self._dying:
            self._dying.pop().wait()

    def log_tail(self, lines: int = DETAILS_LINES) -> str:
        """Return the last lines of the process's log; where there is none, of the last one's."""
        return self._log.tail(lines)

    def _take(self, event: dict) -> None:
        """Take one event."""
        kind = event["event"]
        if kind == "started":
            if event["protocol"] != PROTOCOL:
                raise RubbishError(f"it speaks version {event['protocol']} of the protocol, and this is {PROTOCOL}")
        elif kind == "ready":
            self.devices = [DeviceInfo.read(entry) for entry in event["devices"]]
            self.automatic = DeviceInfo.read(event["automatic"])
            self._is_ready = True
            if self._exchange is not None:
                self._exchange.worker_is_ready()
        elif kind == "failed" and event["job"] is None:
            self._fail(read_failure(event, self.log_tail()))
        elif self._exchange is not None and event["job"] == self._number:
            if kind == "failed":
                self._take_failure(read_failure(event, self.log_tail()))
                return
            self._exchange.take(event)
            if self.job.result is not None:
                self._conclude("done")

    def _take_failure(self, failure: WorkerFailure) -> None:
        """End the job with a failure that the worker itself has told of, and lived through."""
        self._conclude("failed", failure)
        if failure.kind == "packages":  # what is installed now is seen by a new process
            self._kill()
            self.failure = failure

    def _fail(self, failure: WorkerFailure) -> None:
        """End the process, and the job with this failure; a process that once was ready is started anew."""
        was_ready, had_job = self._is_ready, self._exchange is not None
        self._kill()
        self.failure = failure
        if had_job:
            self._conclude("failed", failure)
            if was_ready:
                self.start()

    def _conclude(self, state: str, failure: WorkerFailure | None = None) -> None:
        """End the job, and give its voxels back."""
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None
        self.job.state, self.job.failure = state, failure

    def _kill(self) -> None:
        if self._process is not None:
            self._end()
            self._dying.append(self._process)
            self._process, self._is_ready = None, False


def _target(model: str | Path, device: str) -> dict[str, str]:
    """Say to the worker which network, and where; a relative path is one of this process's working folder."""
    return {"model": str(model), "folder": str(Path.cwd()), "device": str(device)}
