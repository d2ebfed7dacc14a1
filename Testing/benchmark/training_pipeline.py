"""Print patches/s of training with its loader over those of the bare step, as a Markdown table.

    .venv/bin/python Testing/benchmark/training_pipeline.py [--device cpu] [--data DIR]

Data loading is no limit where the ratio is 0.9 or more.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark.interleaved import machine, take_turns
from benchmark.own_pipeline import BareStep, OwnPipeline, add_arguments, prepared_run
from LungTumorSegLib.training.patches.batches import PatchDataset
from LungTumorSegLib.wording import counted

PATCHES = 60  # over which the cost of making one is averaged


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    with prepared_run(arguments) as (run, _, steps):
        own = OwnPipeline(run, "training with its loader")
        bare = BareStep(run, own, "bare step, patches on the device")
        rates = take_turns([bare, own], steps, arguments.turns, arguments.settle, say=say)
        cost = milliseconds_per_patch(PatchDataset(run.sampler, run.recipe))
    size = "x".join(str(n) for n in run.recipe.training.patch_size)
    print(f"{machine(run.device.device)}; {run.device.describe()}; {counted(run.workers, 'loader')};")
    print(f"{run.recipe.name}, patches {size}, batches of {run.recipe.training.batch_size};")
    print(f"median of {arguments.turns} turns of {steps} steps.\n")
    print("| | patches/s | slowest – fastest turn |\n|---|---|---|")
    for rate in rates:
        print(f"| {rate.name} | {rate.cells()} |")
    print(f"\nRatio: {rates[1].median / rates[0].median:.3f}. Making a patch takes {cost:.1f} ms of one core.")


def milliseconds_per_patch(dataset: PatchDataset) -> float:
    """Processor time of the first patches, in this process and on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start = time.process_time()
    for number in range(PATCHES):
        dataset[number]
    seconds = time.process_time() - start
    torch.set_num_threads(threads)
    return 1000 * seconds / PATCHES


def say(line: str) -> None:
    """Tell how far the benchmark is, beside the table."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
