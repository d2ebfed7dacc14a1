"""What the person is told: the log's end, how far it is, and why it failed."""

from __future__ import annotations

import errno

import pytest
import torch

from LungTumorSegLib.errors import InputError, MemoryShortageError
from LungTumorSegLib.worker import pace
from LungTumorSegLib.worker.diagnosis import diagnose, no_room
from LungTumorSegLib.worker.faults import as_event
from LungTumorSegLib.worker.log import LONGEST_LINE, MOST_LINES, LogTail
from LungTumorSegLib.worker.pace import STAGES, History, Pace


class Clock:
    """Stands in for the time module."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def test_the_log_keeps_the_last_lines_whole_and_in_order():
    log = LogTail()
    for piece in (b"one\ntw", b"o\n\xff\xfe\nbar 10%\rbar 90%\nunfinis", b"hed"):
        log.feed(piece)
    assert log.tail(10) == "one\ntwo\n��\nbar 90%\nunfinished"
    assert log.tail(2) == "bar 90%\nunfinished"
    assert log.tail(0) == ""


def test_a_flood_does_not_fill_the_memory():
    log = LogTail()
    for _ in range(50):
        log.feed(b"x" * 100_000)
    log.feed(b"\n" + b"y\n" * 10_000)
    kept = log.tail(10**6).split("\n")
    assert len(kept) == MOST_LINES
    assert all(len(line) <= LONGEST_LINE + 1 for line in kept)


def run_through(pace_: Pace, clock: Clock, seconds: dict[str, float], steps: int = 20) -> list[tuple]:
    """Play a run whose stages take this long; return (true share, overall, true seconds left, told ones)."""
    total, seen = sum(seconds.values()), []
    for stage in STAGES:
        began = clock.now
        for step in range(steps + 1):
            clock.now = began + seconds[stage] * step / steps
            # Only the network tells how far it is.
            pace_.update(stage, step / steps if stage == "network" else float(step == steps))
            seen.append((clock.now / total, pace_.overall, total - clock.now, pace_.seconds_left))
    return seen


def test_without_experience_it_says_nothing_until_the_network_has_shown_its_speed(clock):
    seconds = dict.fromkeys(STAGES, 1.0) | {"network": 100.0}
    seen = run_through(Pace(starting=True), clock, seconds)
    assert seen[0][3] is None
    told = [(left, said) for _, _, left, said in seen if said is not None]
    assert len(told) > 10
    assert all(said == pytest.approx(left, abs=5) for left, said in told)


def test_with_experience_it_is_right_from_the_beginning(clock):
    seconds = {stage: float(number + 1) for number, stage in enumerate(STAGES)} | {"starting": 0.0}
    history = History()
    request = {"model": "m", "device": "cpu", "overlap": None}
    history.remember(request, 1000, seconds)
    doubled = {stage: 2 * s for stage, s in seconds.items()}
    seen = run_through(Pace(history.expected(request, 2000)), clock, doubled)
    for share, overall, left, said in seen:
        assert said == pytest.approx(left, abs=1e-6)
        assert overall == pytest.approx(share, abs=1e-6)
    assert history.expected(request | {"device": "cuda:0"}, 2000) is None


def test_overall_never_goes_back_and_ends_at_one(clock):
    seconds = dict.fromkeys(STAGES, 1.0) | {"network": 300.0, "preparing": 0.0}
    overall = [entry[1] for entry in run_through(Pace(starting=True), clock, seconds)]
    assert overall == sorted(overall)
    assert 0 <= overall[0] < 0.1
    assert overall[-1] == pytest.approx(1.0)


TRACEBACK = """Traceback (most recent call last):
  File "x.py", line 3, in <module>
    import torch
"""


@pytest.mark.parametrize(
    ("status", "log", "kind", "words"),
    [
        (1, TRACEBACK + "ModuleNotFoundError: No module named 'monai.networks'\n", "packages", "package monai is not"),
        (1, TRACEBACK + "ImportError: DLL load failed while importing _C\n", "packages", "DLL load failed"),
        (1, TRACEBACK + "MemoryError\n", "memory", "memory ran out"),
        (134, "terminate called after throwing an instance of 'std::bad_alloc'\n", "memory", "memory ran out"),
        (-9, "", "died", "memory ran out"),
        (137, "", "died", "memory ran out"),
        (-11, "Fatal Python error: Segmentation fault\n", "died", "SIGSEGV"),
        (-63, "", "died", "signal 63"),
        (-9, "MemoryError\n", "died", "was killed"),
        (-11, TRACEBACK + "ModuleNotFoundError: No module named 'x'\n", "died", "SIGSEGV"),
        (0xC0000005, "", "died", "0xC0000005"),
        (3, "", "died", "exit status 3"),
        (0, "", "died", "exit status 0"),
    ],
)
def test_an_end_is_explained_in_one_line(status, log, kind, words):
    failure = diagnose(status, log, "network")
    assert failure.kind == kind
    assert words in failure.message
    assert "\n" not in failure.message
    assert failure.details == log


class NumpyMemoryError(MemoryError):
    """As NumPy's."""


@pytest.mark.parametrize(
    ("error", "kind", "device"),
    [
        (MemoryShortageError("too little", "cuda:1", "close"), "memory", "cuda:1"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "memory", "cuda:0"),
        (NumpyMemoryError("Unable to allocate 9 GiB for an array"), "memory", "cpu"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), "memory", "cpu"),
        (RuntimeError("Exception thrown in SimpleITK: Failed to allocate memory for image."), "memory", "cpu"),
        (RuntimeError("std::bad_alloc"), "memory", "cpu"),
        (OSError(errno.ENOSPC, "No space left on device"), "memory", "cpu"),
        (InputError("no lungs", "ct", "choose another"), "input", "cuda:0"),
        (ModuleNotFoundError("No module named 'cc3d'", name="cc3d"), "packages", "cuda:0"),
        (OSError(errno.EACCES, "Permission denied"), "fault", "cuda:0"),
        (RuntimeError("shapes do not fit"), "fault", "cuda:0"),
        (FloatingPointError("the network's output is not finite"), "fault", "cuda:0"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_an_exception_becomes_a_failure_of_the_right_kind(error, kind, device):
    event = as_event(error, "cuda:0")
    assert (event["kind"], event["device"]) == (kind, device)
    assert "\n" not in event["message"]
    if kind == "packages":
        assert "cc3d" in event["message"]
    if kind == "input":
        assert (event["what"], event["where"], event["do"]) == ("no lungs", "ct", "choose another")


def test_no_room_for_the_ct_is_a_matter_of_memory():
    failure = no_room(OSError(errno.ENOSPC, "No space left on device"))
    assert (failure.kind, failure.device) == ("memory", "cpu")
    assert "No space left" in failure.message
