"""Run something in a fresh process, and watch how much memory it and its children take."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil

TESTING = Path(__file__).resolve().parents[2]
LOOK_EVERY_S = 0.05


class FailedError(Exception):
    """The process ended otherwise than well; says how."""


def run_fresh(python: str, module: str, arguments: list[str], timeout_s: float | None = None) -> dict:
    """Run ``python -m module arguments --result FILE`` and return what it left in FILE.

    Returns
    -------
    dict
        With ``wall_s`` (from start to end of the process) and ``tree_bytes`` (most resident memory of it and its
        children together, looked at twenty times a second) besides.

    Raises
    ------
    FailedError
        Exit status other than 0, or out of time.
    """
    with tempfile.TemporaryDirectory() as folder:
        result, errors = Path(folder) / "result.json", Path(folder) / "errors.txt"
        command = [python, "-m", module, *arguments, "--result", str(result)]
        environment = {**os.environ, "PYTHONPATH": str(TESTING)}
        with errors.open("wb") as log:
            began = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
            watch = _Watch(process.pid)
            try:
                status = process.wait(timeout_s)
            except subprocess.TimeoutExpired as error:
                raise FailedError(f"not done after {timeout_s:.0f} s") from error
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
                wall = time.perf_counter() - began
                watch.stop()
        if status:
            lines = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise FailedError(lines[-1] if lines else f"exit status {status}")
        return {**json.loads(result.read_text(encoding="utf-8")), "wall_s": wall, "tree_bytes": watch.most}


class _Watch(threading.Thread):
    """Looks at the memory of a process and its children until it is told to stop."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            try:
                parent = psutil.Process(self.pid)
                members = [parent, *parent.children(recursive=True)]
                self.most = max(self.most, sum(member.memory_info().rss for member in members))
            except psutil.Error:  # one of them has just ended
                continue

    def stop(self) -> None:
        self.ended.set()
        self.join()
