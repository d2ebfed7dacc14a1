"""Handles on workers, real and misbehaving, and what is left of them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil

from LungTumorSegLib.worker import Job, Worker

HERE = Path(__file__).parent
SHARED = Path("/dev/shm")


def stand_in(how: str) -> list[str]:
    """Return the command of a worker that behaves like this; see `stand_in_worker`."""
    return [sys.executable, str(HERE / "stand_in_worker.py"), how]


def poll_until(worker: Worker, condition, what: str, seconds: float = 120.0):
    """Poll as a timer does, until ``condition()`` is true; return its answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        worker.poll()
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"waited in vain for {what}; the log ends with:\n{worker.log_tail()}")


def poll_to_end(worker: Worker, job: Job) -> Job:
    poll_until(worker, lambda: job.state != "running", "the job's end")
    return job


def pid_of(worker: Worker) -> int:
    return worker._process.pid


def has_ended(pid: int) -> bool:
    """Tell whether a process is gone, or only its exit status is left."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def shared_files(pid: int | None = None) -> set[Path]:
    """Return the names in shared memory that a process gave; by default, this one."""
    return set(SHARED.glob(f"lungtumorseg-{pid or os.getpid()}-*"))
