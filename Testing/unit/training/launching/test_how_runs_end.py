"""Signals, and what the ends of several processes mean for the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from LungTumorSegLib.commandline.training_end import ending_of
from LungTumorSegLib.training.launching.group import Group
from LungTumorSegLib.training.launching.launch import Launch
from LungTumorSegLib.training.launching.rank_states import LOST, RankStates
from LungTumorSegLib.training.processes.stopping import SIGNALS, Stop, StopRequested


@pytest.fixture
def heard():
    """Signals as a program has them that ignores none; under nohup tests would ignore SIGHUP, and it stays so."""
    earlier = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 75), ("SIGUSR1", 75), ("SIGINT", 130), ("SIGHUP", 129)])
def test_signal_is_remembered_until_it_is_time(heard, name, status):
    stop, number = Stop(), getattr(signal, name)
    with stop.on_signals():
        os.kill(os.getpid(), number)
        assert stop.requested
    assert signal.getsignal(number) is signal.default_int_handler
    with pytest.raises(StopRequested) as raised:
        stop.check()
    assert raised.value.status == status


def test_it_interrupts_what_loses_nothing():
    stop = Stop()
    with stop.on_signals(), pytest.raises(StopRequested), stop.at_once():
        os.kill(os.getpid(), signal.SIGUSR1)
    with pytest.raises(StopRequested):
        stop.at_once().__enter__()  # and does not even begin it


def test_second_ctrl_c_is_impatience_and_a_second_warning_is_not():
    stop = Stop()
    stop.ask(signal.SIGINT)
    stop.ask(signal.SIGTERM)
    with pytest.raises(StopRequested):
        stop.ask(signal.SIGINT)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def seen(*statuses: int | None, messages: tuple[str, ...] = ("", ""), **more) -> RankStates:
    """Ranks that have said these statuses at their end and are gone; None for one that said nothing."""
    ranks = RankStates(max_restarts=2)
    for rank, status in enumerate(statuses):
        ranks.see({"event": "started", "rank": rank, "pid": ended_process(), "restarts": 0})
        if status is not None:
            ranks.see({"event": "ended", "rank": rank, "status": status, "message": messages[rank]})
    for event, content in more.items():
        ranks.see({"event": event, **content})
    return ranks


def test_all_well():
    assert seen(0, 0).judge([]) == (0, "")


def test_all_stopped():
    ranks = seen(75, 75, messages=("stopped", "stopped"))
    assert ranks.judge([]) == (75, "stopped")
    assert ranks.all_stopped


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_status_is_of_the_signal_that_was_passed_on_under_another_name(name, checkpoint):
    stop = Stop()
    stop.ask(getattr(signal, name))
    said = ending_of(StopRequested(signal.SIGUSR1), Path(__file__ if checkpoint else "none"))
    launch = Launch(None, Group(processes=2), "", None, None)
    launch.ranks = seen(said[1], said[1], messages=(said[0], said[0]))
    ending = launch._judge(stop)
    own = ending_of(StopRequested(stop.number), Path(__file__ if checkpoint else "none"))
    assert (ending.message, ending.status) == own


def test_mistake_of_the_user_is_told_whatever_the_others_say():
    ranks = seen(1, 2, messages=(LOST, "no such file"))
    assert ranks.judge([]) == (2, "no such file")
    assert ranks.refused


def test_killed_one_is_told_and_not_those_that_lost_it():
    failures = {"failures": [{"rank": 1, "exitcode": -9}]}
    status, message = seen(1, None, messages=(LOST,), failures=failures).judge([])
    assert status == 1
    assert message.startswith("process 1 was killed by signal 9, SIGKILL")
    assert message.endswith("go on with --resume")


def test_fault_that_one_explains_is_told():
    status, message = seen(1, 1, messages=(LOST, "not enough memory")).judge([])
    assert (status, message) == (1, "process 1: not enough memory; go on with --resume")


def test_the_one_that_watches_them_was_killed():
    ranks = RankStates()
    ranks.see({"event": "started", "rank": 0, "pid": os.getpid(), "restarts": 0})
    status, message = ranks.judge([])
    assert status == 1
    assert message.startswith("torch.distributed.run, which watches the processes, ended without a word")


def test_none_was_ever_there():
    status, message = RankStates().judge(["warning", "could not connect to host:1", ""])
    assert status == 2
    assert "could not connect to host:1" in message
