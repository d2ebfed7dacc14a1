"""A run that is killed and resumed, again and again, ends with the very weights of one that never was."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from LungTumorSegLib.training.optimizing.checkpoint import TEMPORARY, load_checkpoint
from support.group import start_together

PROCESS = "support.training_process"
SETTINGS = (
    "network.dropout=0.3",
    "training.steps=14",
    "training.checkpoint_every_steps=3",
    "training.steps_per_epoch=4",
    "training.optimizer={learning_rate: 0.01, averaging: 0.9, decay: plateau, "
    "plateau: {patience: 1, least_change: 10, factor: 0.5}}",
)


def until(process, words: str) -> None:
    """Read what a process says until it says ``words``."""
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(words):
            return
    pytest.fail(f"it never said {words!r}: {''.join(said)}")


def until_writing(process, folder: Path) -> None:
    """Wait for a checkpoint that is being written."""
    while process.poll() is None:
        if folder.is_dir() and any(TEMPORARY.fullmatch(name) for name in os.listdir(folder)):
            return
    pytest.fail("it ended before")


def finish(count: int, folder: Path) -> dict:
    processes = start_together(count, PROCESS, folder, *SETTINGS)
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    return vars(load_checkpoint(folder / "checkpoint.pt"))


def differences(one, other, path: str = "") -> list[str]:
    """Name what differs between two states, bit by bit."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [path]
    if isinstance(one, dict):
        names = one.keys() | other.keys()
        return [found for name in names for found in differences(one.get(name), other.get(name), f"{path}.{name}")]
    if isinstance(one, list | tuple) and len(one) == len(other):
        return [
            found for n, pair in enumerate(zip(one, other, strict=True)) for found in differences(*pair, f"{path}.{n}")
        ]
    return [] if one == other else [path]


def killed_and_resumed(count: int, cut: Path) -> dict:
    """Kill a run at several moments, let it come to its end, and return its last state."""
    moments = [lambda p: until(p, "step 5"), lambda p: until_writing(p, cut), lambda p: until(p, "step 10")]
    for wait in moments[: 3 if count == 1 else 2]:
        processes = start_together(count, PROCESS, cut, *SETTINGS)
        wait(processes[0])
        for process in processes:
            process.send_signal(signal.SIGKILL)
        for process in processes:
            process.communicate(timeout=60)
    return finish(count, cut)


@pytest.mark.parametrize("count", [1, 2])
def test_killed_at_any_moment_and_resumed(tmp_path, count):
    with ThreadPoolExecutor(1) as meanwhile:
        uninterrupted = meanwhile.submit(finish, count, tmp_path / "whole")
        resumed = killed_and_resumed(count, tmp_path / "cut")
    whole = uninterrupted.result()
    assert whole["schedule"]["factor"] < 1
    assert differences(whole, resumed) == []
    assert not [name for name in os.listdir(tmp_path / "cut") if TEMPORARY.fullmatch(name)]
