"""Loader processes end with the process that started them, whatever still refers to its batches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

TESTING = Path(__file__).resolve().parents[3]
HELD = """
import multiprocessing, sys
from pathlib import Path
from LungTumorSegLib.training.patches.batches import PatchDataset, batches
from support.training import small_run

run = small_run(Path(sys.argv[1]), workers=1)
held = batches(PatchDataset(run.sampler, run.recipe), 0, run.workers, run.ranks)
next(held)
print(*(loader.pid for loader in multiprocessing.active_children()))
"""


def test_batches_that_are_held_at_the_exit_do_not_keep_the_process(tmp_path):
    command = [sys.executable, "-c", HELD, str(tmp_path / "run")]
    done = subprocess.run(command, cwd=TESTING, capture_output=True, text=True, timeout=120, check=True)
    (loader,) = map(int, done.stdout.split())
    assert not psutil.pid_exists(loader)
    assert done.stderr == ""
