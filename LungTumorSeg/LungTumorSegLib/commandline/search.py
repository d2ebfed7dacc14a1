"""Search for the best settings of a recipe: many trainings, each with what the earlier ones suggest.

The tree-structured Parzen estimator suggests values, each trial is a training with a run folder of its own, and trials
that do worse than the others are ended early. What is compared is the mean Dice of the validated cases. The same
command goes on with a search that was interrupted; --trials counts those of all starts together.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InputError
from .arguments import device, fold, names, not_negative_int, positive_int
from .console import Console

SUMMARY = "search for the best settings of a recipe"
PRUNERS = ("median", "hyperband", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--recipe", required=True, metavar="NAME", help="packaged recipe or YAML file")
    parser.add_argument("--data", required=True, metavar="DIR", help="as for train")
    parser.add_argument(
        "--trials", required=True, type=positive_int, metavar="N", help="trials of all starts together"
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="the search's folder")
    parser.add_argument(
        "--space",
        type=str,
        action="append",
        default=[],
        metavar="KEY=SPEC",
        help="a key of the recipe and its values: LOW:HIGH, log:LOW:HIGH, int:LOW:HIGH, choice:A,B,…; or a YAML file",
    )
    parser.add_argument(
        "--set", type=str, action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe"
    )
    parser.add_argument("--pruner", choices=PRUNERS, default="median", help="what ends trials early (median)")
    parser.add_argument("--leave-out", type=names, default=(), metavar="CASE,…", help="cases that are not used")
    held_out = parser.add_mutually_exclusive_group()
    held_out.add_argument("--validate", type=names, default=(), metavar="CASE,…", help="cases to validate on")
    held_out.add_argument("--fold", type=fold, metavar="K/N", help="validate on the K-th of N parts")
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=not_negative_int, metavar="N", help="processes that make patches")
    parser.add_argument("--seed", type=not_negative_int, default=0, metavar="S", help="of suggestions and trainings")


def run(arguments: argparse.Namespace, console: Console) -> int | None:
    """Check the space, then go on to the last trial."""
    from ..recipe import load_recipe, override
    from ..training.search.space import SearchSpace
    from ..training.search.study import check_optuna

    recipe = override(load_recipe(arguments.recipe), arguments.set)
    space = SearchSpace.parse(arguments.space, recipe)
    check_optuna()

    from ..training.processes.stopping import Stop, StopRequested
    from ..training.search.search import Search, Setting
    from ..training.search.summary import as_table, in_words
    from .training_display import TrainingDisplay

    setting = Setting(
        data=Path(arguments.data),
        seed=arguments.seed,
        device=arguments.device,
        workers=arguments.workers,
        leave_out=arguments.leave_out,
        validate=arguments.validate,
        fold=arguments.fold,
    )
    search = Search(recipe, space, Path(arguments.output), setting, arguments.pruner)
    try:
        with Stop().on_signals() as stop:
            results, written = search.run(
                arguments.trials,
                observers=lambda: [TrainingDisplay(console)],
                tell=lambda trial: _tell(console, trial),
                stop=stop,
                progress=console.progress,
            )
    except StopRequested as request:
        console.error(f"stopped by {request.name}; go on with the same command", request.status)
        return request.status
    for kind, path in written:
        console.written(kind, path)
    console.result(f"{as_table(results)}\n\n{in_words(results)}", "search", **results.as_dict())
    if results.best is None:
        raise InputError("no trial ended well", arguments.output, "see the reasons above")
    return None


def _tell(console: Console, trial) -> None:
    """Tell how a trial ended."""
    if console.json:
        console.event("trial", **trial.as_dict())
        return
    dice = "" if trial.dice is None else f", Dice {trial.dice:.3f}"
    reason = f": {trial.reason}" if trial.reason else ""
    console.note(f"trial {trial.number} {trial.state}{dice}{reason}")
