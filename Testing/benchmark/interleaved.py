"""Time several pipelines in turns, so that a busy moment of the machine strikes all of them."""

from __future__ import annotations

import gc
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from LungTumorSegLib.machine import usable_cores

WARM_UP = 3  # steps; the first ones choose algorithms and allocate memory


class Pipeline(Protocol):
    """Something that trains; ``name`` stands in the table."""

    name: str

    def steps(self, count: int) -> int:
        """Train for some steps, wait for the device, and return how many patches that were."""


@dataclass
class Rates:
    """Patches/s of each turn of a pipeline."""

    name: str
    of_turns: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.of_turns)

    def cells(self) -> str:
        """Median, and the slowest and fastest turn."""
        return f"{self.median:.2f} | {min(self.of_turns):.2f} – {max(self.of_turns):.2f}"


def take_turns(
    pipelines: Sequence[Pipeline], steps: int, turns: int, settle: float, say: Callable[[str], None] = print
) -> list[Rates]:
    """Time ``turns`` times ``steps`` steps of each pipeline: A B A B …, after a few steps that are not timed.

    Between two turns there are ``settle`` seconds for loader processes to fill their queues and fall asleep.
    """
    rates = [Rates(pipeline.name) for pipeline in pipelines]
    for pipeline in pipelines:
        pipeline.steps(WARM_UP)
    for turn in range(turns):
        for pipeline, rate in zip(pipelines, rates, strict=True):
            gc.collect()
            time.sleep(settle)
            pipeline.steps(1)  # wakes the loaders: the queue that they filled while they waited is not timed
            start = time.perf_counter()
            patches = pipeline.steps(steps)
            rate.of_turns.append(patches / (time.perf_counter() - start))
            say(f"turn {turn + 1} of {turns}: {pipeline.name}: {rate.of_turns[-1]:.2f} patches/s")
    return rates


def wait_for(device: str) -> None:
    """Wait until a GPU has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def machine(device: str) -> str:
    """Describe the machine in a line for the table: processor, cores, GPU, versions."""
    import monai

    parts = [
        _processor(),
        f"{usable_cores()} cores",
    ]
    if device.startswith("cuda"):
        parts.append(torch.cuda.get_device_name(device))
    parts += [f"Python {platform.python_version()}", f"torch {torch.__version__}", f"MONAI {monai.__version__}"]
    return ", ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
