"""The SLURM scripts, with stand-ins of `srun` and `scontrol` that really start the tasks, all on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from LungTumorSegLib.training.optimizing.checkpoint import load_checkpoint
from support.group import free_port
from support.running import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SLURM runs on Linux")

STEPS = 400
SCRIPTS = sorted((Path(__file__).resolve().parents[4] / "Resources" / "slurm").glob("*.sbatch"))

# Starts a task for each node, passes signals on, and ends with the highest status, as srun does.
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do shift; done
pids=()
for ((node = 0; node < SLURM_NNODES; node++)); do
    SLURM_NODEID=$node SLURM_PROCID=$node "$@" & pids+=($!)
done
trap 'kill -USR1 "${pids[@]}"' USR1
worst=0
for pid in "${pids[@]}"; do
    while true; do
        wait "$pid"; status=$?
        kill -0 "$pid" 2>/dev/null || break
    done
    ((status > worst)) && worst=$status
done
exit "$worst"
"""

SCONTROL = """#!/bin/bash
case "$1" in
    show) for ((node = 0; node < SLURM_NNODES; node++)); do echo localhost; done ;;
    requeue) echo "requeued $2" >>"$STAND_IN_LOG" ;;
esac
"""


@pytest.fixture
def cluster(tmp_path):
    """The environment of a job, with the stand-ins first on the path."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "STAND_IN_LOG": str(tmp_path / "log"),
        "PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1",
        "SLURM_JOB_ID": str(free_port() % 20000),
        "SLURM_JOB_NODELIST": "localhost,localhost",
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_trains_stops_at_the_warning_queues_again_and_comes_to_the_end(cluster, inputs, tmp_path, script):
    nodes = re.search(r"^#SBATCH --nodes=(\d)$", script.read_text(), re.MULTILINE)[1]
    recipe, data, *rest = inputs[1], inputs[3], *inputs[4:]
    folder = tmp_path / "run"
    variables = {
        **cluster,
        "SLURM_NNODES": nodes,
        "RECIPE": recipe,
        "DATA": data,
        "RUN": str(folder),
        "PROCESSES": "1",
    }
    command = ["bash", str(script), *rest, "--set", f"training.steps={STEPS}"]

    log = (tmp_path / "first.log").open("w")
    job = subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT)
    wait_for(lambda: (folder / "metrics.jsonl").exists() or job.poll() is not None, "the first steps")
    assert job.poll() is None, (tmp_path / "first.log").read_text()
    (srun,) = [int(pid) for pid in Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()]
    os.kill(srun, signal.SIGUSR1)  # SLURM warns the steps of a job, not the batch script
    assert job.wait(timeout=120) == 75, (tmp_path / "first.log").read_text()
    assert Path(cluster["STAND_IN_LOG"]).read_text() == f"requeued {cluster['SLURM_JOB_ID']}\n"
    state = load_checkpoint(folder / "checkpoint.pt")
    assert state.processes == 2

    assert 0 < state.step < STEPS
    again = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=240)
    assert again.returncode == 0, again.stderr
    assert f"{STEPS - state.step} of {STEPS} steps to do" in again.stderr
    assert load_checkpoint(folder / "checkpoint.pt").step == STEPS
    assert Path(cluster["STAND_IN_LOG"]).read_text().count("requeued") == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_must_be_said_is_asked_for(cluster, script):
    variables = {name: value for name, value in cluster.items() if name not in ("DATA", "RUN")}
    done = subprocess.run(["bash", str(script)], env=variables, capture_output=True, text=True)
    assert done.returncode != 0
    assert "DATA: the data set, or its cache" in done.stderr
