"""One process that is asked to end, and one whose disk fills up: nothing is lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys

import pytest
import torch

from LungTumorSegLib.training.optimizing.checkpoint import load_checkpoint
from support.commands import ENVIRONMENT, PROGRAM, run, start
from support.group import free_port
from support.running import read_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def test_signals_end_it_after_a_checkpoint_and_it_goes_on_to_the_same_weights(inputs, tmp_path):
    """Each start is ended by another signal; the last comes to the end."""
    folder = tmp_path / "run"
    settings = ["--set", "training.steps=3000", "--set", "training.checkpoint_every_steps=100000"]
    reached = 0
    for number, status in ((signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)):
        resume = ["--resume"] if reached else []
        process = start("train", *inputs, *settings, "-o", folder, "--json", *resume)
        read_until(process.stdout, "step")
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == status, stderr
        (line,) = stderr.splitlines()
        assert f"stopped by {number.name}; go on with --resume" in line
        step = load_checkpoint(folder / "checkpoint.pt").step
        assert step > reached
        reached = step


def test_signal_before_anything_is_there(inputs, tmp_path):
    process = start("train", *inputs, "-o", tmp_path / "run", "--json")
    process.stdout.readline()  # the first word is about the data
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    if (tmp_path / "run" / "checkpoint.pt").exists():
        assert process.returncode == 75
    else:
        assert process.returncode == 143
        assert "before anything was written" in stderr or "nothing written" in stderr


def limited(size: int):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_disk_that_fills_up_leaves_the_last_checkpoint(inputs, tmp_path):
    folder = tmp_path / "run"
    short = ["--set", "training.steps=4", "--set", "training.checkpoint_every_steps=2"]
    assert run("train", *inputs, *short, "-o", folder).returncode == 0
    # Back to the step before the last, in a place that takes a little less than a checkpoint.
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    torch.save({**state, "step": 2}, folder / "checkpoint.pt")
    kept = (folder / "checkpoint.pt").read_bytes()
    resumed = run("train", *inputs, *short, "-o", folder, "--resume", preexec_fn=limited(len(kept) - 2000))
    assert resumed.returncode == 2, resumed.stderr
    last = resumed.stderr.splitlines()[-1]
    assert f"error: {folder}/checkpoint.pt: the checkpoint cannot be written" in last, resumed.stderr
    assert "Traceback" not in resumed.stderr
    assert (folder / "checkpoint.pt").read_bytes() == kept
    assert sorted(name for name in os.listdir(folder) if name.startswith(".")) == []


def test_metrics_that_cannot_be_written_end_it_in_one_line(inputs, tmp_path):
    folder = tmp_path / "run"
    (folder / "metrics.jsonl").mkdir(parents=True)
    done = run("train", *inputs, "--set", "training.steps=4", "-o", folder)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_started_by_somebody_elses_torchrun_it_joins_as_that_rank(inputs, tmp_path):
    port = free_port()
    arguments = ["train", *inputs, "--set", "training.steps=3", "-o", tmp_path / "run", "--json"]
    group = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            env={**ENVIRONMENT, **group, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    spoken = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], spoken
    steps = [[json.loads(line) for line in out.splitlines() if '"step"' in line] for out, _ in spoken]
    assert steps[0]
    assert not steps[1]
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt").processes == 2
