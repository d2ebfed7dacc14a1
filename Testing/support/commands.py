"""The command line as a user starts it: in a process of its own, or here, where that makes no difference."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import torch

from LungTumorSegLib.commandline.main import main

# The networks of these tests are so small that threads would only wait for each other.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
PROGRAM = (sys.executable, "-m", "LungTumorSegLib")


def run(*arguments, **options) -> subprocess.CompletedProcess:
    """Run ``python -m LungTumorSegLib …`` to its end; what it says is in ``stdout`` and ``stderr``."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env=ENVIRONMENT, **options
    )


def call(*arguments, cwd: Path = Path()) -> subprocess.CompletedProcess:
    """Do what `run` does in this process, which spares the seconds of a start."""
    command, threads = list(map(str, arguments)), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with contextlib.chdir(cwd), _said() as (out, err):
            status = main(command)
            said = [Path(stream.name).read_text(encoding="utf-8") for stream in (out, err)]
    finally:
        torch.set_num_threads(threads)
    return subprocess.CompletedProcess(command, status, *said)


@contextlib.contextmanager
def _said() -> Iterator[tuple[TextIO, TextIO]]:
    """Give the files into which goes what this process says meanwhile, its libraries in other languages included."""
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8")) for _ in range(2))
        for number, stream in ((1, out), (2, err)):
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(stream.fileno(), number)
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        yield out, err


def start(*arguments, **options) -> subprocess.Popen:
    """Start ``python -m LungTumorSegLib …`` with pipes, without waiting."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": ENVIRONMENT}
    return subprocess.Popen([*PROGRAM, *map(str, arguments)], **pipes, **options)


def events(stdout: str) -> list[dict]:
    """Parse what ``--json`` printed: one object a line, nothing else."""
    return [json.loads(line) for line in stdout.splitlines()]


def check_refusal(done: subprocess.CompletedProcess, *words: str) -> None:
    """Check that the user's mistake ended in status 2 and in one line on stderr that holds ``words``."""
    complaints = [line for line in done.stderr.splitlines() if not line.endswith(" …")]  # without the stages' names
    assert done.returncode == 2, done.stderr
    assert len(complaints) == 1, done.stderr
    assert complaints[0].startswith("lungtumorseg: error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in complaints[0]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder``, hidden ones included, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
