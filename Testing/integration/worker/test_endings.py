"""Real workers that are killed, run out of memory or lose their client: nothing stays, and the next run is sound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from LungTumorSegLib.errors import CancelledError
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.worker import WorkerError
from support.models import save_constant_model
from support.workers import HERE, has_ended, pid_of, poll_to_end, poll_until, shared_files

UNLUCKY = HERE / "unlucky_worker.py"
LONG = 0.95  # overlap: thousands of windows


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_constant_model(tmp_path_factory.mktemp("models") / "everything")


def test_killed_in_mid_network_cancelled_and_closed_it_goes_on_each_time(make_worker, model, chest):
    worker = make_worker()
    job = worker.segment(chest, model=model, device="cpu", overlap=LONG)
    poll_until(worker, lambda: job.stage == "network" and job.fraction > 0, "the network")
    os.kill(pid_of(worker), signal.SIGKILL)
    poll_to_end(worker, job)
    assert (job.state, job.failure.kind, job.result) == ("failed", "died", None)
    assert "memory ran out" in job.failure.message
    assert "network" in job.failure.message

    job = worker.segment(chest, model=model, device="cpu", overlap=LONG)  # by the process that took its place
    poll_until(worker, lambda: job.stage == "network" and job.fraction > 0, "the network")
    pid = pid_of(worker)
    worker.cancel()
    job = worker.segment(chest, model=model, device="cpu")  # at once
    assert poll_to_end(worker, job).result.mask.array.any()
    assert has_ended(pid)

    job = worker.segment(chest, model=model, device="cpu", overlap=LONG)
    poll_until(worker, lambda: job.stage == "network", "the network")
    pid = pid_of(worker)
    worker.close()
    assert has_ended(pid)
    with pytest.raises(CancelledError):
        job.wait()


def test_killed_at_its_start(make_worker, model, chest):
    worker = make_worker()
    job = worker.segment(chest, model=model)
    os.kill(pid_of(worker), signal.SIGKILL)
    poll_to_end(worker, job)
    assert (job.state, job.failure.kind) == ("failed", "died")
    assert worker.state == "stopped"


def test_killed_while_the_ct_is_handed_over(make_worker, model):
    ct = Volume(np.zeros((300, 512, 512), np.int16), Grid((512, 512, 300)))
    worker = make_worker()
    job = worker.segment(ct, model=model)
    poll_until(worker, lambda: worker._exchange._written_slices > 0, "the first slices")
    os.kill(pid_of(worker), signal.SIGKILL)
    poll_to_end(worker, job)
    assert job.failure.kind == "died"


def test_misfortunes_of_the_network_are_told_apart_and_the_process_lives_through_them(make_worker, chest):
    worker = make_worker([sys.executable, str(UNLUCKY), "gpu", "numpy", "torch", "error", "noise"])
    pids = set()
    for what in ("of a GPU", "of the machine, for NumPy", "of the machine, for torch"):
        job = poll_to_end(worker, worker.segment(chest, device="cpu"))
        assert (job.state, job.failure.kind, job.failure.device) == ("failed", "memory", "cpu"), what
        assert "memory" in job.failure.message
        assert "\n" not in job.failure.message
        assert worker.state == "ready"
        pids.add(pid_of(worker))

    with pytest.raises(WorkerError, match="ZeroDivisionError: division by zero"):
        worker.segment(chest, device="cpu").wait()
    assert worker.job.failure.kind == "fault"
    assert "in forward" in worker.job.failure.details  # the traceback
    assert worker.log_tail() == worker.job.failure.details

    assert worker.segment(chest, device="cpu").wait().lesions == []
    assert "printed by Python" in worker.log_tail()
    assert "printed by C" in worker.log_tail()
    assert pids == {pid_of(worker)}


def test_packages_that_the_worker_finds_missing_are_named(make_worker, chest):
    code = "import sys; sys.modules[sys.argv[1]] = None; from LungTumorSegLib.worker.server import serve; serve()"
    for package in ("torch", "cc3d"):  # without which it cannot start, and cannot finish
        worker = make_worker([sys.executable, "-c", code, package])
        job = poll_to_end(worker, worker.segment(chest, device="cpu"))
        assert (job.state, job.failure.kind) == ("failed", "packages")
        assert f"{package} is not installed" in job.failure.message
        assert worker.state == "stopped"  # so that the next attempt sees what was installed
        assert worker.failure == job.failure


CLIENT = """
import sys, time
from LungTumorSegLib.worker import Worker
from support.volumes import chest_volume
worker = Worker()
job = worker.segment(chest_volume(), model=sys.argv[1], device="cpu", overlap=0.95)
while job.state == "running":
    worker.poll()
    if job.stage == sys.argv[2]:
        print(worker._process.pid, flush=True)
        time.sleep(600)
    time.sleep(0.01)
"""


@pytest.mark.parametrize("stage", ["starting", "network"])
def test_the_worker_ends_with_its_client_though_that_is_killed(model, stage):
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-c", CLIENT, str(model), stage]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    pid = int(client.stdout.readline())
    assert not has_ended(pid)
    client.kill()
    client.wait()
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=20)
    assert has_ended(pid)
    assert not shared_files(client.pid)


def test_by_hand_it_says_what_it_is_for():
    pytest.importorskip("pty", reason="there are no terminals to pretend on Windows")
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "LungTumorSegLib.worker"]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "LungTumorSegLib segment" in done.stderr


def test_it_ends_when_there_is_nobody_to_serve():
    command = [sys.executable, "-m", "LungTumorSegLib.worker"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "started" in done.stdout
