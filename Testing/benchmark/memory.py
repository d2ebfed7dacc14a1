"""Print the peak memory from CT file to mask file, as a Markdown table.

.venv/bin/python Testing/benchmark/memory.py [--slices 300 1500 …] [--output-suffix .nii.gz] [--set KEY=VALUE …]

Writes phantom chests of 512x512 voxels a slice that go on below the chest (its lowest slices, repeated), as a scan of
a whole body does, and runs `segment` on each in a process of its own, whose largest resident set the system tells.
`--slices 100` is the quick form. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_fill_holes

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Grid, Volume, write_volume
from LungTumorSegLib.volume.resampling import axis_weights, resample

COLUMNS = 512
CHEST_SLICES = 300
LIMIT_GIB = 4.0
AIR_HU = -300

# Runs the command in this process, and tells the memory of it alone.
CHILD = """
import json, resource, sys
from LungTumorSegLib.commandline.main import main
status = main(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
open(sys.argv[1], "w").write(json.dumps({"status": status, "bytes": peak}))
"""


def chest(slices: int) -> Volume:
    """Make a CT of 512 x 512 x ``slices`` voxels: a chest, and below it more of the same body."""
    ct = make_phantom(seed=7).ct
    size = (COLUMNS, COLUMNS, min(slices, CHEST_SLICES))
    weights = tuple(axis_weights(np.linspace(0, n - 1, m), n) for n, m in zip(ct.array.shape, size[::-1], strict=True))
    array = resample(ct.array, weights).round().astype(np.int16)
    spacing = [s * (n - 1) / (m - 1) for s, n, m in zip(ct.grid.spacing, ct.grid.size, size, strict=True)]
    # The first slices are the lowest.
    below = np.stack([without_lung(plane) for plane in array[: CHEST_SLICES // 20]])
    missing = slices - len(array)
    repeated = np.concatenate([below] * (missing // len(below) + 1))[:missing]
    return Volume(
        np.concatenate([repeated, array]),
        Grid((COLUMNS, COLUMNS, slices), spacing, ct.grid.origin, ct.grid.direction),
    )


def without_lung(plane: np.ndarray) -> np.ndarray:
    """Fill with soft tissue what the body encloses in an axial slice (yx, HU)."""
    body = binary_fill_holes(plane > AIR_HU)
    return np.where(body & (plane < AIR_HU), np.int16(40), plane)


def measured(ct: Path, output: Path, options: list[str]) -> tuple[float, dict]:
    """Segment in a new process; return its peak memory in GiB, and the report."""
    told, report = output.with_name("peak.json"), output.with_name("report.json")
    command = ["segment", str(ct), "-o", str(output), "--report", str(report), *options]
    subprocess.run([sys.executable, "-c", CHILD, str(told), *command], check=True, stdout=subprocess.DEVNULL)
    answer = json.loads(told.read_text())
    if answer["status"]:
        raise SystemExit(f"segment ended with status {answer['status']}")
    return answer["bytes"] / 2**30, json.loads(report.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, nargs="+", default=[300, 1500])
    parser.add_argument("--output-suffix", default=".nii.gz", help=".nii.gz or .seg.nrrd")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    options = [word for value in arguments.set for word in ("--set", value)]

    print("| CT | CT in memory, GiB | peak, GiB | times the CT | s in all |")
    print("|---|---|---|---|---|")
    for slices in arguments.slices:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ct.nii.gz"
            ct = chest(slices)
            write_volume(path, ct)
            own, shown = ct.array.nbytes / 2**30, "x".join(map(str, ct.grid.size))
            del ct
            peak, report = measured(path, Path(folder) / f"mask{arguments.output_suffix}", options)
            verdict = "" if peak < LIMIT_GIB else f" (over {LIMIT_GIB:g})"
            seconds = report["timing"]["total"]
            print(f"| {shown} | {own:.2f} | {peak:.2f}{verdict} | {peak / own:.1f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
