"""Train a network: reads a data set, writes a run folder with recipe, checkpoint and metrics."""

from __future__ import annotations

import argparse

from .arguments import device, not_negative_int
from .console import Console

SUMMARY = "train a network on a data set (one process)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--recipe", required=True, metavar="NAME", help="packaged recipe or YAML file")
    parser.add_argument("--data", required=True, metavar="DIR", help="Decathlon layout, or a folder a case")
    parser.add_argument("-o", "--output", required=True, metavar="RUN", help="the run's folder")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument(
        "--set", type=str, action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe"
    )
    parser.add_argument("--leave-out", type=str, default="", metavar="CASE,…", help="cases that are not trained on")
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=not_negative_int, default=1, metavar="N", help="processes that make patches")
    parser.add_argument("--seed", type=not_negative_int, default=0, metavar="S", help="of weights and patches")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Train to the recipe's last step."""
    from ..recipe import load_recipe, override

    recipe = override(load_recipe(arguments.recipe), arguments.set)

    from ..training.start import start_run

    training = start_run(
        recipe,
        arguments.data,
        arguments.output,
        device=arguments.device,
        seed=arguments.seed,
        leave_out=tuple(name for name in arguments.leave_out.split(",") if name),
        resume=arguments.resume,
        workers=arguments.workers,
        progress=console.progress,
    )
    console.note(f"training on {training.device.describe()}")
    try:
        training.train(progress=console.progress)
    except BaseException:
        if training.checkpoint_path.is_file():
            console.written("checkpoint", training.checkpoint_path)
            console.note(f"stopped after step {training.step}; go on with --resume")
        raise
    console.written("checkpoint", training.checkpoint_path)
