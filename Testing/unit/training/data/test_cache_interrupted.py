"""The training cache when its process is killed, has company, or runs out of disk: what is there is whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from LungTumorSegLib.errors import CancelledError
from LungTumorSegLib.training.data.cache import read_index
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.opening import open_data
from LungTumorSegLib.training.data.preparing import prepare_cache
from support.data_sets import coarse_recipe, write_case_folders

RECIPE = coarse_recipe()
TESTING = Path(__file__).resolve().parents[3]

PREPARE = """
import sys
from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.preparing import prepare_cache
from support.data_sets import coarse_recipe

try:
    prepare_cache(find_cases(sys.argv[1]), coarse_recipe(), sys.argv[2], skip_bad=True)
except InputError as error:
    sys.exit(f"InputError {error}")
"""
HOLD_ON_AT_THE_SECOND_CASE = """
import os, time
replace = os.replace
def slow(source, target):
    if str(target).endswith("case_1.h5"):
        print("holding on", flush=True)
        time.sleep(60)
    replace(source, target)
os.replace = slow
"""
SMALL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
"""


@pytest.fixture
def data(tmp_path):
    return write_case_folders(tmp_path / "data")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def start(data, cache):
    """Start a process that prepares ``data`` into ``cache``, after some code of its own."""
    started = []

    def start(first: str = "") -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(TESTING), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", first + PREPARE, data, cache]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env=environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def held(start):
    """A process that has prepared one case, and holds on before the second case's file gets its name."""
    process = start(HOLD_ON_AT_THE_SECOND_CASE)
    assert process.stdout.readline() == "holding on\n", process.stderr.read()
    return process


def prepare(data, cache, **options):
    return prepare_cache(find_cases(data), RECIPE, cache, **options)


def test_killed_run_leaves_whole_cases_and_the_next_one_goes_on(data, cache, held):
    held.send_signal(signal.SIGKILL)
    held.wait()
    assert sorted(read_index(cache).sources) == ["case_0"]
    assert [path.name for path in (cache / "cases").glob("[!.]*")] == ["case_0.h5"]
    assert len(list((cache / "cases").glob(".*"))) == 1  # the unfinished one
    assert [case.name for case in open_data(cache, RECIPE).cases] == ["case_0"]
    prepared = prepare(data, cache)
    assert (prepared.done, prepared.unchanged) == (["case_1", "case_2"], ["case_0"])
    assert not list((cache / "cases").glob(".*"))
    assert len(open_data(cache, RECIPE).cases) == 3


def test_second_process_waits_for_the_first_and_says_so(data, cache, held, caplog):
    caplog.set_level("INFO")
    asked = []

    def progress(stage: str, fraction: float) -> None:
        asked.append(stage)
        if len(asked) == 3:
            held.kill()

    prepared = prepare(data, cache, progress=progress)
    assert asked[:3] == ["waiting"] * 3
    assert "another process is preparing this cache" in caplog.text
    assert (prepared.done, prepared.unchanged) == (["case_1", "case_2"], ["case_0"])


def test_two_runs_at_once_corrupt_nothing(data, cache, start):
    both = [start(), start()]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert prepare(data, cache).unchanged == ["case_0", "case_1", "case_2"]
    assert len(open_data(cache, RECIPE).cases) == 3


def test_cancelled_run_keeps_what_it_has(data, cache):
    def cancel(stage: str, fraction: float) -> None:
        if fraction > 0.5:
            raise CancelledError

    with pytest.raises(CancelledError):
        prepare(data, cache, progress=cancel)
    assert sorted(read_index(cache).sources) == ["case_0", "case_1"]
    assert prepare(data, cache).done == ["case_2"]


def test_full_disk_is_said_in_one_line_and_is_no_fault_of_the_case(cache, start):
    """A write beyond the limit of a file's size fails as one on a full disk does."""
    process = start(SMALL_DISK)
    said = process.communicate(timeout=120)[1]
    assert re.fullmatch(r"InputError \S*case_0\.h5: cannot be written: .*\n", said), said
    assert list((cache / "cases").iterdir()) == []
