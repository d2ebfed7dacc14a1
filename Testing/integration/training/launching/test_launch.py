"""`train --processes 2` as a user starts it: real processes, real signals."""

from __future__ import annotations

import os
import signal
import sys

import pytest
import torch

from LungTumorSegLib.training.optimizing.checkpoint import load_checkpoint
from support.commands import call, check_refusal, events, run, start
from support.running import ranks_of, read_until, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds a run's processes in /proc")

TWO = ["--processes", "2"]


def test_killed_rank_ends_the_run_at_once_in_one_line_and_it_can_be_resumed(inputs, tmp_path):
    folder = tmp_path / "run"
    process = start("train", *inputs, "-o", folder, *TWO, "--json")
    read_until(process.stdout, "step")
    ranks = ranks_of(folder)
    os.kill(ranks[1], signal.SIGKILL)
    wait_for(lambda: not ranks_of(folder), "the end of the other rank", 20)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = stderr.splitlines()
    assert "process 1 was killed by signal 9, SIGKILL (often for want of memory); go on with --resume" in line
    assert events(stdout)[-1]["status"] == 1

    # SIGTERM: everybody stops after the same step.
    resumed = start("train", *inputs, "-o", folder, *TWO, "--json", "--resume")
    read_until(resumed.stdout, "step")
    resumed.send_signal(signal.SIGTERM)
    stdout, stderr = resumed.communicate(timeout=60)
    assert resumed.returncode == 75
    assert "stopped by SIGTERM; go on with --resume" in stderr
    assert not ranks_of(folder)
    state = load_checkpoint(folder / "checkpoint.pt")
    assert state.processes == len(state.random_states) == 2
    notes = [event["message"] for event in events(stdout) if event["event"] == "note"]
    assert any(f"stopped after step {state.step} of" in note for note in notes)

    # With another number of processes it is another run.
    check_refusal_without_stages(call("train", *inputs, "-o", folder, "--resume"), "started with 2 processes")


def check_refusal_without_stages(done, *words: str) -> None:
    """As `check_refusal`, for a command that has said what it does before it finds the mistake."""
    assert done.returncode == 2, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "error" in line]
    assert len(complaints) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert all(word in complaints[0] for word in words), complaints


def test_killed_rank_is_started_again_from_the_checkpoint(inputs, tmp_path):
    folder = tmp_path / "run"
    end = ["--set", "training.steps=60", "--set", "training.checkpoint_every_steps=5"]
    plain = start("train", *inputs, *end, "-o", tmp_path / "plain", *TWO)  # goes on meanwhile
    process = start("train", *inputs, *end, "-o", folder, *TWO, "--json", "--max-restarts", "1")
    read_until(process.stdout, "step")
    os.kill(ranks_of(folder)[0], signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    _, complaint = plain.communicate(timeout=120)
    assert plain.returncode == 0, complaint
    notes = [event["message"] for event in events(stdout) if event["event"] == "note"]
    assert sum("all are started again (1 of 1 times)" in note for note in notes) == 1
    one, other = (load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("plain", "run"))
    assert one.step == other.step == 60
    assert all(torch.equal(value, other.network[name]) for name, value in one.network.items())


def test_mistake_that_only_the_ranks_find_is_told_once(inputs, tmp_path):
    missing = run("train", *inputs, "--leave-out", "nobody", "-o", tmp_path / "run", *TWO, "--max-restarts", "3")
    check_refusal_without_stages(missing, "no case is named nobody")
    assert "started again" not in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--processes", "2", "--device", "cuda:0"], "names one for all"),
        (["--nnodes", "2"], "give --rdzv-endpoint HOST:PORT"),
        (["--nnodes", "2", "--rdzv-endpoint", "here"], "not HOST:PORT"),
        (["--nnodes", "2", "--rdzv-endpoint", "a:1", "--node-rank", "2"], "no machine 2"),
        (["--rdzv-id", "x"], "for several machines"),
        (["--processes", "0"], "whole number from 1"),
    ],
)
def test_arguments_that_do_not_go_together(inputs, tmp_path, arguments, words):
    check_refusal(call("train", *inputs, "-o", tmp_path / "run", *arguments), words)
    assert not (tmp_path / "run").exists()


def test_more_processes_than_gpus(inputs, tmp_path):
    if torch.cuda.device_count() >= 99:
        pytest.skip("there are 99 GPUs here")
    done = call("train", *inputs, "-o", tmp_path / "run", "--processes", "99", "--device", "cuda")
    check_refusal(done, "GPU")
