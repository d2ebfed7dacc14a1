"""Print patches/s of training here and of the obvious pipeline of MONAI, in turns, as a Markdown table.

    .venv/bin/python Testing/benchmark/training_against_monai.py [--device cpu] [--data DIR]

All share data, patch size, batch size, network, optimiser and loss (Dice and cross-entropy), and the process, so that
MONAI too has the memory settings of this project's training. MONAI's pipeline stands as its tutorials write it
(float32, foreground looked up for each crop), and tuned (the precision of this project's, foreground looked up once,
no metadata); tuned it is tried without loader processes too where this project takes none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark.interleaved import machine, take_turns
from benchmark.monai_pipeline import MonaiPipeline
from benchmark.own_pipeline import OwnPipeline, add_arguments, prepared_run
from LungTumorSegLib.training.processes.devices import training_device
from LungTumorSegLib.wording import counted


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    with prepared_run(arguments) as (run, data, steps):
        plain, loaders = training_device(run.device.device, "float32"), max(1, run.workers)
        tutorials = f"MONAI's tutorials, float32, {counted(loaders, 'loader')}"
        pipelines = [
            OwnPipeline(run, f"this project, {run.device.precision}, {counted(run.workers, 'loader')}"),
            MonaiPipeline(run.recipe, data, plain, loaders, False, tutorials),
        ]
        for count in sorted({run.workers, loaders}):
            name = f"MONAI tuned, {run.device.precision}, {counted(count, 'loader')}"
            pipelines.append(MonaiPipeline(run.recipe, data, run.device, count, True, name))
        rates = take_turns(pipelines, steps, arguments.turns, arguments.settle, say=say)
    size = "x".join(str(n) for n in run.recipe.training.patch_size)
    print(f"{machine(run.device.device)}; {run.recipe.name}, patches {size},")
    print(f"batches of {run.recipe.training.batch_size}; median of {arguments.turns} turns of {steps} steps.\n")
    print("| | patches/s | slowest – fastest turn | this project / it |\n|---|---|---|---|")
    for rate in rates:
        print(f"| {rate.name} | {rate.cells()} | {rates[0].median / rate.median:.2f} |")


def say(line: str) -> None:
    """Tell how far the benchmark is, beside the table."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
