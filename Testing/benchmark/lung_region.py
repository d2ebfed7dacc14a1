"""Print the lung region's figures on every real scan, as a Markdown table, and its time at 512x512x300.

LUNGTUMORSEG_DATA=DATA .venv/bin/python Testing/benchmark/lung_region.py
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.reading import read_ct
from LungTumorSegLib.volume.resampling import axis_weights, resample
from support.lung_figures import measure_lungs, scans


def cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def time_large(ct: Volume, repeats: int = 5) -> list[float]:
    """Seconds for ``ct`` brought to 512x512x300."""
    size = (512, 512, 300)
    weights = tuple(axis_weights(np.linspace(0, n - 1, m), n) for n, m in zip(ct.array.shape, size[::-1], strict=True))
    spacing = [s * (n - 1) / (m - 1) for s, n, m in zip(ct.grid.spacing, ct.grid.size, size, strict=True)]
    large = Volume(
        resample(ct.array, weights).astype(np.int16), Grid(size, spacing, ct.grid.origin, ct.grid.direction)
    )
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        find_lungs(large)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)


def main() -> None:
    data = Path(os.environ["LUNGTUMORSEG_DATA"])
    print("| scan | size | s | region / field of view | tumour held | ignore held | Dice of lungs |")
    print("|---|---|---|---|---|---|---|")
    for folder in scans(data):
        f = measure_lungs(folder)
        size = "x".join(str(n) for n in f.size)
        print(
            f"| {f.scan} | {size} | {f.seconds:.1f} | {f.region_share:.2f} | {cell(f.tumor_held)} "
            f"| {cell(f.ignore_held)} | {cell(f.lungs_dice)} |"
        )
    seconds = time_large(read_ct(data / "test" / "lung1-001" / "dicom"))
    print(f"\n512x512x300: {seconds[len(seconds) // 2]:.1f} s (median of {len(seconds)}, {os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
