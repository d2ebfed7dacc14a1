"""A training that runs beside the program that started it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .package import PACKAGE, LaunchError, environment, python

SUPERVISOR = Path(__file__).absolute().with_name("supervisor.py")
STEP_S = 0.2  # how long `wait` waits at a time, so that Python's signal handlers run and log lines arrive
LAST_LINES_S = 2.0  # how long the log may stay open after the end, held by a process that was left behind

# Whoever drops a running training ends it, as nothing can be asked of it any more. These are not dropped by accident.
_running: set[TrainingProcess] = set()


class TrainingProcess:
    """``LungTumorSegLib train …`` in processes of its own; it trains until it is done, stopped, or this program ends.

    Parameters
    ----------
    arguments : sequence of str
        The options of ``lungtumorseg train``.
    log : callable, optional
        Takes each line of the log, without its end, in the thread that calls `poll` or `wait`. Without it the
        training writes where this program's own output goes.

    Raises
    ------
    LaunchError
        There is no Python to start, or it has no LungTumorSegLib.
    """

    def __init__(self, arguments: Sequence[str], log: Callable[[str], None] | None = None):
        self.status: int | None = None
        self._log = log
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        command = [python(), str(SUPERVISOR), "-m", PACKAGE, "train", *arguments]
        captured = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if log else {}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                env=environment(),
                start_new_session=True,  # a terminal's Ctrl-C reaches the training once: from this program
                **captured,
            )
        except OSError as error:
            raise LaunchError(f"{command[0]} cannot be started ({error.strerror})") from error
        _running.add(self)
        if log:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Pass on a signal; at SIGTERM the training writes a checkpoint and ends with status 75."""
        if self.status is None:
            with contextlib.suppress(OSError, ValueError):  # it ended in this moment
                os.write(self._process.stdin.fileno(), bytes([number]))

    def poll(self) -> int | None:
        """Hand over the log's new lines; return the exit status, None as long as it trains."""
        self._hand_over()
        if self.status is None and self._process.poll() is not None:
            self._end(self._process.returncode)
        return self.status

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Hand over the log until the end; return the exit status, None where the time was not enough."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while self.poll() is None:
            left = STEP_S if end is None else min(STEP_S, end - time.monotonic())
            if left <= 0:
                return None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(left)
        return self.status

    def _end(self, returncode: int) -> None:
        if self._reader:
            self._reader.join(LAST_LINES_S)
            self._hand_over()
        self._process.stdin.close()
        self.status = 128 - returncode if returncode < 0 else returncode
        _running.discard(self)

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))

    def _hand_over(self) -> None:
        with contextlib.suppress(queue.Empty):
            while self._log:
                self._log(self._lines.get_nowait())
