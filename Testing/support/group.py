"""Functions that real processes run together: ``torch.distributed`` over gloo, without a launcher."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

TESTING = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def start_together(count: int, script: str, *arguments: str, **environment: str) -> list[subprocess.Popen]:
    """Start ``count`` processes that run a module of the tests, with what ``torchrun`` puts into the environment."""
    port = str(free_port())
    processes = []
    for rank in range(count):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
        meeting = {"MASTER_ADDR": "localhost", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
        variables = {**os.environ, **own, **meeting, "PYTHONPATH": str(TESTING), **environment}
        command = [sys.executable, "-m", script, *map(str, arguments)]
        processes.append(
            subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
    return processes


def run_together(count: int, script: str, *arguments: str, **environment: str) -> list[str]:
    """Run them to their end, and return what each printed."""
    processes = start_together(count, script, *arguments, **environment)
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    return outputs
