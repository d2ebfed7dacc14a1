"""Starts the processes of a run, shows what the first one says, passes signals on, and tells how it all ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass

from ..processes.devices import threads_for
from ..processes.stopping import STOPPED_STATUS, Stop, StopRequested
from ..watching.reports import Observer
from .group import Group
from .job import Job
from .rank_events import Audience, retell
from .rank_states import RankStates

POLL_SECONDS = 0.2
GRACE_SECONDS = 1.0  # for the other processes to say what they have to say when one has ended badly
PATIENCE_SECONDS = 20.0  # for torch.distributed.run to notice that all of them are gone
LAST_LINES = 40
PASSED_ON = "SIGUSR1"  # what ranks are sent, whichever signal came


@dataclass(frozen=True)
class Ending:
    """How a run ended: its exit status, and a line that says why (empty where all is well)."""

    status: int
    message: str = ""


class Launch:
    """One start of a run's processes.

    Parameters
    ----------
    job : Job
    group : Group
    module : str
        What each process runs (``python -m``); it takes the job as its argument and reports by a
        `LungTumorSegLib.training.launching.rank_events.Sender`.
    audience : Audience
    observer : Observer
        Is shown what the first process reports.
    show_all : bool
        Pass on everything that the processes write to standard error.
    """

    def __init__(
        self, job: Job, group: Group, module: str, audience: Audience, observer: Observer, show_all: bool = False
    ):
        self.job, self.group, self.module = job, group, module
        self.audience, self.observer, self.show_all = audience, observer, show_all
        self.ranks = RankStates(group.max_restarts)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: deque[str] = deque(maxlen=LAST_LINES)
        self._told_to_stop: set[int] = set()

    def run(self, stop: Stop) -> Ending:
        """Start the processes and wait until they have ended."""
        process = self._start()
        threads = [
            threading.Thread(target=self._read_events, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(process.stderr,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            while process.poll() is None:
                self._handle_waiting()
                self._pass_on(stop)
                if self._end_what_cannot_go_on() or self.ranks.refused:
                    break
            self._wait_for_last_words(process)
        except StopRequested as impatient:
            return Ending(impatient.status, "interrupted a second time; the last checkpoint is intact")
        finally:
            self._kill(process)
            self.observer.closed()
        return self._judge(stop)

    def _start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", f"{__package__}.agent", *self.group.arguments(), "-m", self.module]
        environment = {**os.environ}
        environment.setdefault("OMP_NUM_THREADS", str(threads_for(self.group.processes)))
        return subprocess.Popen(
            [*command, self.job.to_json()],
            stdin=subprocess.PIPE,  # is closed when this process dies; the agent waits for that
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
            start_new_session=True,  # Ctrl-C comes through this process alone
        )

    def _read_events(self, stream) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)

    def _read_errors(self, stream) -> None:
        for line in stream:
            self._errors.append(line.rstrip())
            if self.show_all:
                print(line, end="", file=sys.stderr, flush=True)

    def _handle_waiting(self, seconds: float = POLL_SECONDS) -> bool:
        """Handle the events that have come, waiting a moment for the first; return False at the end of all."""
        with contextlib.suppress(queue.Empty):
            line = self._lines.get(timeout=seconds)
            while line is not None:
                self._handle(line)
                line = self._lines.get_nowait()
            return False
        return True

    def _handle(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError):  # a library that prints
            self._errors.append(line.rstrip())
            return
        if note := self.ranks.see(event):
            self.audience.note(note)
        if kind not in RankStates.EVENTS:
            retell(event, self.audience, self.observer)

    def _pass_on(self, stop: Stop) -> None:
        """Ask each rank once to end; those that start later are asked then."""
        if not stop.requested:
            return
        for pid in self.ranks.living() - self._told_to_stop:
            self._told_to_stop.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, getattr(signal, PASSED_ON, signal.SIGTERM))

    def _end_what_cannot_go_on(self) -> bool:
        """When a rank is gone, end those that would wait for it; return whether that was the end of the run."""
        if not self.ranks.notice_deaths():
            return False
        deadline = time.monotonic() + GRACE_SECONDS
        while self.ranks.living() and time.monotonic() < deadline:
            self._handle_waiting(POLL_SECONDS / 2)
            self.ranks.notice_deaths()
        if self.ranks.refused:
            return True
        _kill_groups(self.ranks.living())
        return False

    def _wait_for_last_words(self, process: subprocess.Popen) -> None:
        """Take what is still in the pipe; loader processes may hold it open for some seconds."""
        deadline = time.monotonic() + (GRACE_SECONDS if not self.ranks.refused else 0)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0 if self.ranks.refused else PATIENCE_SECONDS)
        while time.monotonic() < deadline and self._handle_waiting(POLL_SECONDS / 2):
            pass

    def _kill(self, process: subprocess.Popen) -> None:
        """Leave nothing behind."""
        if process.poll() is None:
            process.kill()
            process.wait()
        self._handle_waiting(0.01)
        _kill_groups(self.ranks.living())

    def _judge(self, stop: Stop) -> Ending:
        status, message = self.ranks.judge(self._errors)
        if stop.requested and self.ranks.all_stopped:
            asked = StopRequested(stop.number)  # whom the ranks were asked by, which they cannot know
            passed_on = getattr(signal, PASSED_ON, signal.SIGTERM)
            statuses = {STOPPED_STATUS: asked.status, 128 + passed_on: 128 + asked.number}
            return Ending(statuses.get(status, status), message.replace(PASSED_ON, asked.name))
        return Ending(status, message)


def _kill_groups(pids: set[int]) -> None:
    """Kill ranks and their loader processes; each rank leads a group of its own."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
