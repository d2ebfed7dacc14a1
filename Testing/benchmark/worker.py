"""Print where the time goes from Segment to result, through the worker, as a Markdown table.

.venv/bin/python Testing/benchmark/worker.py [--ct FILE_OR_FOLDER] [--device DEVICE] [--repeats N]

Without a CT a phantom is used; either is brought to 512x512x300 voxels first. Insertion into the scene is not in it.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Grid, Volume, read_ct
from LungTumorSegLib.volume.resampling import axis_weights, resample
from LungTumorSegLib.worker import Worker, WorkerResult

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ct", help="NIfTI, NRRD or MetaImage file, or a DICOM folder")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=3)
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

    print(f"512x512x300 voxels on {result.device['device']}, {result.device['precision']}; ", end="")
    print(f"{result.windows_run} of {result.windows_total} windows; median of {arguments.repeats}\n")
    print("| s | first run, process not started | second run |")
    print("|---|---|---|")
    for name, stage in STAGES.items():
        cells = (f"{statistics.median(run[stage] for run in runs):.2f}" for runs in (cold, warm))
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nThe longest call that the application waited for: {1000 * longest:.0f} ms")


if __name__ == "__main__":
    main()
