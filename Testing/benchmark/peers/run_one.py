"""Run one contender in this process, and write down its times and its memory as JSON.

Started by `rounds`; by hand: ``PYTHONPATH=Testing python -m benchmark.peers.run_one KEY --ct … --model … --mask …``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

import psutil

from LungTumorSegLib.machine import usable_cores
from LungTumorSegLib.progress import StageTimer

from .contenders import CONTENDERS
from .job import Job


def peak_memory() -> int:
    """Return the most memory that this process has held (bytes).

    Linux keeps it for the program that runs now; ``getrusage`` would count the one that started it, too.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return psutil.Process().memory_info().rss
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def gpu_memory(device: str) -> int | None:
    """Return the most memory that torch has held on the GPU (bytes)."""
    if device == "cpu":
        return None
    import torch

    return torch.cuda.max_memory_allocated(device)


def run(key: str, job: Job) -> dict:
    """Run a contender, and return what is written down about it."""
    contender = CONTENDERS[key]
    way = importlib.import_module(f".{contender.module}", __package__)
    started = time.time() - psutil.Process().create_time()
    imported = peak_memory()
    timer = StageTimer()
    began = time.perf_counter()
    outcome = way.run(job, timer)
    seconds = time.perf_counter() - began
    record = {
        "contender": key,
        "seconds": seconds,
        "start_s": started,
        "stages": timer.seconds,
        "windows": outcome.windows,
        "passes": outcome.passes,
        "total_windows": outcome.total_windows,
        "peak_bytes": peak_memory(),
        "imported_bytes": imported,
        "gpu_bytes": gpu_memory(job.device),
        "cores": usable_cores(),
        "versions": way.versions(),
    }
    if outcome.afterwards is not None:
        outcome.afterwards()
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("contender", choices=list(CONTENDERS))
    for name in ("ct", "model", "mask"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--probability", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the recipe; (c), (d) only")
    parser.add_argument("--result", type=Path, help="where the JSON goes; printed by default")
    given = parser.parse_args()
    settings = dict(CONTENDERS[given.contender].settings)
    if given.set:
        settings["set"] = (*settings.get("set", ()), *given.set)
    job = Job(given.ct, given.model, given.mask, given.device, settings, given.probability)
    text = json.dumps(run(given.contender, job))
    if given.result is None:
        print(text)
    else:
        given.result.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
