"""Print where the time goes from Segment to result, through the worker, as a Markdown table, beside each part's floor.

.venv/bin/python Testing/benchmark/worker.py [--ct FILE_OR_FOLDER] [--device DEVICE] [--repeats N] [--write]

Without a CT a phantom is used; either is brought to 512x512x300 voxels first. Insertion into the scene is not in it.
A floor is what the part cannot do without, measured on the same machine: a bare import, a copy in memory, the
network's convolutions. With --write the table also takes its place in RESULTS.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark.peers import floors
from benchmark.peers.machine import describe
from benchmark.peers.report import put_into
from benchmark.peers.tables import markdown
from LungTumorSegLib.model import load_model
from LungTumorSegLib.model.bundle import WEIGHTS
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Grid, Volume, read_ct
from LungTumorSegLib.volume.resampling import axis_weights, resample
from LungTumorSegLib.worker import Worker, WorkerResult

RESULTS = Path(__file__).with_name("RESULTS.md")
MARKS = "<!-- worker: begin (written by Testing/benchmark/worker.py --write) -->", "<!-- worker: end -->"
MODEL = "lung-tumor"
SIZE = (512, 512, 300)
STAGES = {
    "start to ready (torch, devices)": "starting",
    "transfer": "transfer",
    "network loaded": "loading",
    "preparing (lungs, resampling)": "preparing",
    "network": "network",
    "resampling": "resampling",
    "post-processing": "postprocessing",
    "result back": "result",
    "in all": "total",
}


def enlarged(ct: Volume) -> Volume:
    """Bring a CT to `SIZE`, interpolated, over the same part of the patient."""
    if ct.grid.size == SIZE:
        return ct
    weights = tuple(axis_weights(np.linspace(0, n - 1, m), n) for n, m in zip(ct.array.shape, SIZE[::-1], strict=True))
    spacing = [s * (n - 1) / (m - 1) for s, n, m in zip(ct.grid.spacing, ct.grid.size, SIZE, strict=True)]
    array = resample(ct.array, weights).round().astype(np.int16)
    return Volume(array, Grid(SIZE, spacing, ct.grid.origin, ct.grid.direction))


def segment(worker: Worker, ct: Volume, device: str) -> tuple[WorkerResult, float]:
    """Segment as the panel does; return the result, and the seconds of the longest call."""
    calls = []

    def timed(call, *arguments, **keywords):
        began = time.perf_counter()
        answer = call(*arguments, **keywords)
        calls.append(time.perf_counter() - began)
        return answer

    job = timed(worker.segment, ct, device=device, preview=True)
    while job.state == "running":
        time.sleep(0.01)
        timed(worker.poll)
    if job.result is None:
        raise SystemExit(f"{job.failure.message}\n{job.failure.details}")
    return job.result, max(calls)


def floors_of(ct: Volume, result: WorkerResult, device: str) -> dict[str, tuple[float, str]]:
    """Measure the least that each stage can take: seconds, and what they are.

    Parameters
    ----------
    ct : Volume
    result : WorkerResult
        Of that CT.
    device : str
    """
    model = load_model(MODEL)
    weights = (model.path / WEIGHTS).stat().st_size
    found = floors.measure(model.path, "cuda" if device.startswith("cuda") else "cpu")
    copied = found["copy_bytes_per_s"]
    window_s = found["rates"][result.device["precision"]]["layers_s"]
    ct_s, mask_s = ct.array.nbytes / copied, ct.array.size / copied
    return {
        "starting": (seconds_of_import("torch"), "`import torch` in a new process"),
        "transfer": (ct_s, "one copy of the CT in memory"),
        "loading": (weights / copied, "one copy of the weights"),
        "preparing": (ct_s, "one pass over the CT"),
        "network": (result.windows_run * window_s, f"the convolutions of {result.windows_run} windows alone"),
        "resampling": (mask_s, "one pass over the mask"),
        "postprocessing": (mask_s, "one pass over the mask"),
        "result": (mask_s, "one copy of the mask"),
    }


def seconds_of_import(package: str) -> float:
    """Return how long a new process takes to import a package and to end: the fastest of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {package}"], check=True)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ct", help="NIfTI, NRRD or MetaImage file, or a DICOM folder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    arguments = parser.parse_args()
    ct = enlarged(read_ct(arguments.ct) if arguments.ct else make_phantom(seed=7).ct)

    cold, warm, longest = [], [], 0.0
    for _ in range(arguments.repeats):
        worker = Worker()
        for runs in (cold, warm):
            result, call = segment(worker, ct, arguments.device)
            runs.append(result.timing)
            longest = max(longest, call)
        worker.close()
    least = floors_of(ct, result, result.device["device"])
    least["total"] = (sum(seconds for stage, (seconds, _) in least.items() if stage != "starting"), "of a second run")

    device = result.device
    machine = describe(device["device"].partition(":")[0])
    rows = []
    for name, stage in STAGES.items():
        medians = [f"{statistics.median(run[stage] for run in runs):.2f}" for runs in (cold, warm)]
        seconds, what = least[stage]
        rows.append([name, *medians, f"{seconds:.3f}", what])
    text = (
        f"{machine['processor']}, {machine['cores']} cores; 512x512x300 voxels on {device['device']}, "
        f"{device['precision']}; {result.windows_run} of {result.windows_total} windows; "
        f"median of {arguments.repeats}.\n\n"
        f"{markdown(['s', 'first run, process not started', 'second run', 'floor', 'which is'], rows)}\n\n"
        f"The application never waited longer than {1000 * longest:.0f} ms."
    )
    print(text)
    if arguments.write:
        put_into(RESULTS, text, MARKS)


if __name__ == "__main__":
    main()
