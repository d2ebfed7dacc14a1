"""How long it takes to cut a patch out of a training cache, by chunk size, checksum and compression.

    python Testing/benchmark/cache_chunks.py CACHE

CACHE is what `prepare` wrote. The arrays of its first case are written anew in each way, and patches at random places
are read from hu, label and solid. In memory is what a data set that has room there costs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

PATCHES = 40
SIZES = (80, 96)
WAYS = {
    "whole": {},
    **{f"{n}^3": {"chunks": n} for n in (16, 24, 32, 40, 48, 64)},
    **{f"{n}^3 checksum": {"chunks": n, "fletcher32": True} for n in (16, 24, 32, 40, 48, 64)},
    **{f"{n}^3 lzf": {"chunks": n, "compression": "lzf"} for n in (16, 32, 64)},
}


def main() -> None:
    source = sorted((Path(sys.argv[1]) / "cases").glob("*.h5"))[0]
    with h5py.File(source) as file:
        arrays = {name: file[name][...] for name in ("hu", "label", "solid")}
    print(f"{arrays['hu'].shape} voxels (zyx), {sum(a.nbytes for a in arrays.values()) / 1e6:.0f} MB; ms a patch")
    print(f"{'':16}{'MB':>6}" + "".join(f"{f'{size}^3':>8}" for size in SIZES))
    print(f"{'memory':16}{'':>6}" + "".join(f"{milliseconds(arrays, size):8.2f}" for size in SIZES))
    with tempfile.TemporaryDirectory() as folder:
        for way, layout in WAYS.items():
            path = Path(folder) / "case.h5"
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    chunks = {"chunks": tuple(min(layout["chunks"], n) for n in array.shape)} if layout else {}
                    file.create_dataset(name, data=array, **{**layout, **chunks})
            with h5py.File(path) as file:
                times = [milliseconds({name: file[name] for name in arrays}, size) for size in SIZES]
            print(f"{way:16}{path.stat().st_size / 1e6:6.1f}" + "".join(f"{t:8.2f}" for t in times))


def milliseconds(arrays, size: int) -> float:
    """Return the median time for one patch of all arrays."""
    rng = np.random.default_rng(0)
    times = []
    for _ in range(PATCHES):
        corner = [int(rng.integers(max(1, n - size + 1))) for n in arrays["hu"].shape]
        window = tuple(slice(c, c + size) for c in corner)
        start = time.perf_counter()
        for array in arrays.values():
            np.array(array[window])
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


if __name__ == "__main__":
    main()
