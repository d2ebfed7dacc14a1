"""``train.py`` in Slicer and in plain Python: its log, its signals and, in every case, its exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from support.slicer_application import ROOT, TRAIN, child_of, descendants_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is started by shell scripts")


@pytest.mark.parametrize("status", [0, 75])
def test_ends_with_the_trainings_status(host, installed, status):
    program = host(installed / "train.py", "end", status)
    assert program.wait(60) == status
    assert program.stderr.read() == ""


def test_training_that_is_killed_gives_128_and_the_signal(host, installed):
    program = host(installed / "train.py", "die", int(signal.SIGKILL))
    assert program.wait(60) == 128 + signal.SIGKILL
    (line,) = program.stderr.read().splitlines()
    assert line.startswith("lungtumorseg: error: ")
    assert "memory" in line
    assert "--resume" in line


@pytest.mark.parametrize(
    ("option", "status"), [("--exit-after-startup", 0), ("--exit-after-startup", 75), ("--testing", 0)]
)
def test_the_status_is_kept_where_slicer_would_give_its_own(slicer, installed, option, status):
    program = slicer(installed / "train.py", "--", "end", status, options=(option,))
    assert program.wait(60) == status


def test_the_package_is_found_beside_the_script_and_arguments_arrive_as_they_are(host, installed):
    given = ["--data", "a folder/mit Umlaut ü", "", "--set", "training={steps: 4}", "$HOME", "*"]
    program = host(installed / "train.py", "say", *given)
    out, complaint = program.communicate(timeout=60)
    said = json.loads(out)
    assert Path(said["file"]).parent == installed / "LungTumorSegLib"
    assert said["arguments"] == ["say", *given]
    assert said["input"] == ""
    assert said["python"].endswith(Path(sys.executable).name)  # the interpreter, not a launcher
    assert complaint == "complaint\n"


def test_in_slicer_the_options_may_stand_without_the_separator(slicer, installed):
    out, _ = slicer(installed / "train.py", "say", "--recipe", "x").communicate(timeout=60)
    assert json.loads(out)["arguments"] == ["say", "--recipe", "x"]


def test_each_line_of_the_log_arrives_at_once(host, installed, tmp_path):
    """The second line is written only when the first one has been read here."""
    program = host(installed / "train.py", "speak-wait-speak", tmp_path / "go on")
    assert program.stdout.readline() == "first …\n"
    (tmp_path / "go on").touch()
    assert program.stdout.read() == "second\n"
    assert program.wait(60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the application's process is looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_are_passed_on(slicer, installed, tmp_path, number):
    program = slicer(installed / "train.py", "--", "await-signal", tmp_path / "signal")
    assert program.stdout.readline() == "ready\n"
    os.kill(child_of(program.pid), number)
    assert program.stdout.read() == f"{number.name}\n"
    assert program.wait(60) == 40 + number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_are_passed_on_by_plain_python(python, installed, tmp_path, number):
    program = python(installed / "train.py", "await-signal", tmp_path / "signal")
    assert program.stdout.readline() == "ready\n"
    program.send_signal(number)
    assert program.wait(60) == 40 + number


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are looked up in /proc")
def test_a_batch_system_signals_every_process_at_once(home, programs, installed, tmp_path):
    """SLURM does; the scripts in Resources/slurm start Slicer's launcher so that it lives on."""
    script = (ROOT / "Resources" / "slurm" / "train-2gpus.sbatch").read_text()
    shield = re.search(r"train=\(bash -c '(.+)' slicer\)", script)[1]
    slicer = (home / "Slicer", "--no-main-window", "--python-script", installed / "train.py")
    program = programs("bash", "-c", shield, "slicer", *slicer, "--", "await-signal", tmp_path / "signal")
    assert program.stdout.readline() == "ready\n"
    for process in (program.pid, *descendants_of(program.pid)):
        os.kill(process, signal.SIGUSR1)
    assert program.wait(60) == 40 + signal.SIGUSR1


def test_a_killed_host_leaves_no_training_behind(host, installed, tmp_path):
    """SIGKILL for plain Python; Slicer's launcher dies of any signal, and nobody tells the application."""
    program = host(installed / "train.py", "await-signal", tmp_path / "signal")
    assert program.stdout.readline() == "ready\n"
    program.send_signal(signal.SIGKILL)
    program.wait(60)
    while not (tmp_path / "signal").exists() or not (tmp_path / "signal").read_text():
        time.sleep(0.01)
    assert (tmp_path / "signal").read_text() == "SIGTERM"


def refused(program, *words: str) -> None:
    assert program.wait(60) == 2
    (line,) = program.stderr.read().splitlines()
    assert line.startswith("lungtumorseg: error: ")
    for word in words:
        assert word in line


def test_bad_arguments_are_answered_in_one_line(host):
    refused(host(TRAIN, "--recipe", "no such", "--data", "here", "--output", "there"), "no such", "lung-tumor")


def test_missing_arguments_are_answered_in_one_line(host):
    refused(host(TRAIN), "--recipe", "--help")


def test_without_pythonslicer(slicer, home, installed):
    program = home / "bin" / "PythonSlicer"
    program.rename(program.with_name("elsewhere"))
    try:
        refused(slicer(installed / "train.py", "--", "end", "0"), "PythonSlicer")
    finally:
        program.with_name("elsewhere").rename(program)


def test_launcher_that_cannot_be_started(slicer, home, installed):
    program = home / "bin" / "PythonSlicer"
    content = program.read_text()
    program.write_text("#!/no/such/interpreter\n")
    try:
        refused(slicer(installed / "train.py", "--", "end", "0"), "PythonSlicer cannot be started")
    finally:
        program.write_text(content)


def test_incomplete_installation(slicer, installed, tmp_path):
    """Without its library the script raises before anything else; Slicer ends all the same."""
    shutil.copy(installed / "train.py", tmp_path)
    program = slicer(tmp_path / "train.py", "--", "end", "0")
    assert program.wait(60) == 1
    (line,) = program.stderr.read().splitlines()
    assert "LungTumorSegTrainingLib" in line
    debugged = slicer(tmp_path / "train.py", "--", "end", "0", "--debug")
    assert debugged.wait(60) == 1
    assert "Traceback" in debugged.stderr.read()


def test_slicer_takes_the_folders_files_for_modules(slicer, tmp_path):
    """Slicer looks into every Python file of a module path for a class of the file's name."""
    script = tmp_path / "nothing.py"
    script.write_text("")
    program = slicer(script, options=("--exit-after-startup", "--additional-module-path", str(TRAIN.parent)))
    assert program.wait(60) == 0
    lines = program.stderr.read().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["module LungTumorSegTraining", "module train"]
    assert all(line.endswith("hidden") for line in lines)


def test_the_script_can_be_read_in_any_locale():
    assert TRAIN.read_bytes().isascii()
