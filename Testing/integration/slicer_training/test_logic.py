"""The module's logic, as in Slicer's Python console: a training beside the program that can be asked and stopped."""

from __future__ import annotations

import gc
import importlib.util
import json
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

import LungTumorSegLib
from support.modules import load

LIBRARY = "LungTumorSegTrainingLib"


@pytest.fixture
def logic(installed, monkeypatch):
    """The logic of the installed module, which finds the stand-in for the package."""
    _forget()
    monkeypatch.syspath_prepend(installed)
    yield load("LungTumorSegTraining").LungTumorSegTrainingLogic()
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.startswith("LungTumorSegTraining")]:
        del sys.modules[name]


@pytest.fixture
def library(logic):
    """The installed module's ``process.py``; what still runs after the test is stopped."""
    module = importlib.import_module(f"{LIBRARY}.process")
    yield module
    for running in list(module._running):
        running.stop()
        running.wait()


@pytest.fixture
def process(library):
    """Start the stand-in for a training with an action."""
    return lambda *arguments, log=None: library.TrainingProcess(list(map(str, arguments)), log)


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, []),
        ({"processes": 2, "resume": True}, ["--processes", "2", "--resume"]),
        ({"options": ["--seed", "3"]}, ["--seed", "3"]),
    ],
)
def test_options_reach_the_command_line(logic, given, options):
    lines = []
    assert logic.train("lung-tumor", Path("a folder"), "run", log=lines.append, **given) == 0
    arguments = said(lines)["arguments"]
    assert arguments == ["--recipe", "lung-tumor", "--data", "a folder", "--output", "run", *options]


def said(lines: list[str]) -> dict:
    return json.loads(next(line for line in lines if line.startswith("{")))


def test_a_running_training_is_asked_and_stopped(process, tmp_path):
    lines = []
    training = process("await-signal", tmp_path / "signal", log=lines.append)
    while not lines:
        assert training.poll() is None
        time.sleep(0.01)
    assert lines == ["ready"]
    assert training.wait(timeout_s=0.1) is None
    training.stop()
    assert training.wait() == 40 + signal.SIGTERM
    assert lines == ["ready", "SIGTERM"]
    training.stop()  # nothing is left to stop
    assert training.poll() == 40 + signal.SIGTERM


def test_the_log_is_complete_at_the_end_and_holds_complaints(process):
    lines = []
    assert process("say", "ü", log=lines.append).wait() == 0
    assert "complaint" in lines
    assert said(lines)["arguments"] == ["say", "ü"]


def test_a_training_goes_on_where_nobody_keeps_its_handle(process, library, tmp_path):
    process("speak-wait-speak", tmp_path / "go on", log=lambda line: None)
    gc.collect()
    (left,) = library._running
    (tmp_path / "go on").touch()
    assert left.wait() == 0
    assert not library._running


def test_a_log_that_is_held_open_does_not_keep_the_end_back(process, tmp_path):
    """A process that the training left behind still has the log in its hands."""
    lines = []
    training = process("leave-behind", tmp_path / "go on", log=lines.append)
    try:
        assert training.wait() == 3
        assert lines == ["leaving"]
    finally:
        (tmp_path / "go on").touch()


def test_layouts_in_which_the_package_is_found(installed, tmp_path):
    """In the source tree each module has its folder; installed they share one; otherwise Python knows, or nobody."""
    source = tmp_path / "source" / "LungTumorSegTraining"
    shutil.copytree(installed / LIBRARY, source / LIBRARY)
    package = tmp_path / "source" / "LungTumorSeg" / "LungTumorSegLib"
    shutil.copytree(installed / "LungTumorSegLib", package)
    assert _package_module(source).package_folder() == package.parent
    assert _package_module(installed).package_folder() == installed
    shutil.rmtree(package)
    module = _package_module(source)
    assert module.package_folder() == Path(LungTumorSegLib.__file__).parents[1]
    module.PACKAGE = "NoSuchPackage"
    with pytest.raises(module.LaunchError, match="NoSuchPackage is not in"):
        module.package_folder()


def _package_module(folder):
    spec = importlib.util.spec_from_file_location("package", folder / LIBRARY / "package.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
