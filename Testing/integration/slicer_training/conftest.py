"""Slicer's stand-in, and one for the package that does at once what a training does after hours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.slicer_application import APPLICATION, ROOT, TRAIN, install

sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "LungTumorSegTraining")]


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """The folder into which the stand-in for Slicer is installed."""
    folder = tmp_path_factory.mktemp("applications") / "Slicer 5.12 für Tests"
    install(folder)
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Path:
    """The scripts as an installed extension has them, with the package's stand-in."""
    folder = tmp_path_factory.mktemp("extension") / "lib" / "qt-scripted-modules"
    shutil.copytree(TRAIN.parent, folder, ignore=shutil.ignore_patterns("__pycache__", "CMakeLists.txt"))
    package = folder / "LungTumorSegLib"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(APPLICATION / "training.py", package / "__main__.py")
    return folder


Start = Callable[..., subprocess.Popen]


@pytest.fixture
def programs():
    """Start a program with pipes; what still runs after the test is killed."""
    started = []

    def start(*command) -> subprocess.Popen:
        # The networks of these tests are so small that threads would only wait for each other.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONUNBUFFERED", None)  # a user's Python writes a log in blocks
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        options = {"env": environment, "encoding": "utf-8", "start_new_session": True}
        started.append(subprocess.Popen(list(map(str, command)), **pipes, **options))
        return started[-1]

    yield start
    for program in started:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)  # a training in a session of its own ends as its Slicer has gone
        program.communicate()


@pytest.fixture
def slicer(home, programs) -> Start:
    """Start Slicer without its window on a script."""

    def start(script: Path, *arguments, options: tuple = ()) -> subprocess.Popen:
        return programs(home / "Slicer", "--no-main-window", *options, "--python-script", script, *arguments)

    return start


@pytest.fixture
def python(programs) -> Start:
    """Start plain Python on a script."""
    return lambda *arguments: programs(sys.executable, *arguments)


@pytest.fixture(params=["Slicer", "Python"])
def host(request, slicer, python) -> Start:
    """Start a script with its arguments, in Slicer or in plain Python."""
    if request.param == "Python":
        return python
    return lambda script, *arguments: slicer(script, "--", *arguments)
