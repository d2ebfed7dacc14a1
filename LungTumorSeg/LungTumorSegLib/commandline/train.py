"""Train a network: reads a data set or its cache, writes a run folder with recipe, checkpoints and metrics.

With --processes N each of N processes trains on a share of the patches (one GPU each where there are GPUs), so a step
is computed from N times the recipe's batch.
"""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .arguments import device, fold, names, not_negative_int, positive_int
from .console import Console
from .training_display import TrainingDisplay
from .training_end import ending_of

if TYPE_CHECKING:
    from ..training.launching.group import Group
    from ..training.launching.job import Job

SUMMARY = "train a network on a data set, in one process or several"
EPILOG = """\
exit status: 0 done; 2 input or arguments are wrong; 75 stopped by SIGTERM or SIGUSR1 after a checkpoint, to go on with
--resume (SLURM: --signal=USR1@120); 130 stopped by Ctrl-C, likewise; 1 anything else
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--recipe", required=True, metavar="NAME", help="packaged recipe or YAML file")
    parser.add_argument("--data", required=True, metavar="DIR", help="data set, or its cache from `prepare`")
    parser.add_argument("-o", "--output", required=True, metavar="RUN", help="the run's folder")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument(
        "--set", type=str, action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe"
    )
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=not_negative_int, metavar="N", help="processes that make patches, for each")
    parser.add_argument("--seed", type=not_negative_int, default=0, metavar="S", help="of weights, patches and split")

    cases = parser.add_argument_group("cases")
    cases.add_argument(
        "--skip-bad", action="store_true", help="of a data set that is not prepared: leave out what cannot be used"
    )
    cases.add_argument(
        "--leave-out", type=names, default=(), metavar="CASE,…", help="neither trained on nor validated"
    )
    held_out = cases.add_mutually_exclusive_group()
    held_out.add_argument("--validate", type=names, default=(), metavar="CASE,…", help="validated, not trained on")
    held_out.add_argument("--fold", type=fold, metavar="K/N", help="validate on the K-th of N parts")

    several = parser.add_argument_group("several processes")
    several.add_argument("--processes", type=positive_int, metavar="N", help="on this machine")
    several.add_argument("--max-restarts", type=not_negative_int, default=0, metavar="K", help="when a process dies")
    several.add_argument("--nnodes", type=positive_int, default=1, metavar="M", help="machines")
    several.add_argument("--node-rank", type=not_negative_int, metavar="I", help="number of this machine, from 0")
    several.add_argument("--rdzv-backend", metavar="NAME", help="how machines meet (c10d)")
    several.add_argument("--rdzv-endpoint", metavar="HOST:PORT", help="where they meet")
    several.add_argument("--rdzv-id", metavar="ID", help="a name that all machines of the run give")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train to the recipe's last step, and return the exit status."""
    from ..training.launching.group import Group
    from ..training.launching.job import Job

    job = Job(
        recipe=arguments.recipe,
        settings=tuple(arguments.set),
        data=arguments.data,
        folder=arguments.output,
        device=arguments.device,
        seed=arguments.seed,
        leave_out=arguments.leave_out,
        validate=arguments.validate,
        fold=arguments.fold,
        skip_bad=arguments.skip_bad,
        resume=arguments.resume,
        workers=arguments.workers,
    )
    group = Group(
        processes=arguments.processes or 1,
        nodes=arguments.nnodes,
        node_rank=arguments.node_rank,
        backend=arguments.rdzv_backend,
        endpoint=arguments.rdzv_endpoint,
        id=arguments.rdzv_id,
        max_restarts=arguments.max_restarts,
    )
    group.check()
    job.load_recipe()  # a mistake in it is told before anything is started
    from ..training.processes.distributed import started_in_group

    if not started_in_group():
        return _launch(job, group, arguments, console) if group.needs_launch else _train_here(job, console)
    if group.needs_launch:
        what = "this process is already one of several (WORLD_SIZE is set)"
        raise InputError(what, "--processes", "leave it out, or start `train` without torchrun")
    return _train_here(job, console)


def _train_here(job: Job, console: Console) -> int:
    """Train in this process: alone, or as one of a group that somebody else started."""
    from ..progress import silent
    from ..training.optimizing.checkpoint import LAST
    from ..training.processes.devices import share_threads, uses_gpus
    from ..training.processes.distributed import joined, started_in_group
    from ..training.processes.stopping import Stop, StopRequested

    checkpoint, stop = Path(job.folder) / LAST, Stop()
    if started_in_group():
        share_threads(int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
    try:
        with stop.on_signals(), ExitStack() as group:
            with stop.at_once():
                ranks = group.enter_context(joined(started_in_group() and uses_gpus(job.device)))
                ready = job.start(ranks, console.progress if ranks.is_first else silent)
            for line in ready.describe() if ranks.is_first else ():
                console.note(line)
            ready.train([TrainingDisplay(console)], stop)
            if ranks.is_first:
                _say_written(console, checkpoint)
        return 0
    except StopRequested as error:
        message, status = ending_of(error, checkpoint)
        _say_written(console, checkpoint)
        console.error(message, status)
        return status
    except RuntimeError as error:
        message, status = ending_of(error, checkpoint)
        if message.startswith("unexpected"):
            raise
        console.error(message, status)
        return status


def _launch(job: Job, group: Group, arguments: argparse.Namespace, console: Console) -> int:
    """Train in several processes, each started for it."""
    from ..training.launching.launch import Launch
    from ..training.optimizing.checkpoint import LAST
    from ..training.processes.devices import gpu_shortage
    from ..training.processes.stopping import Stop

    if group.processes > 1 and (reason := gpu_shortage(job.device, group.processes)):
        raise InputError(reason, f"--processes {group.processes}", "use fewer, or --device cpu")
    stop = Stop()
    launch = Launch(
        job,
        group,
        f"{__package__}.rank",
        audience=console,
        observer=TrainingDisplay(console),
        show_all=getattr(arguments, "debug", False),
    )
    with stop.on_signals():
        ending = launch.run(stop)
    _say_written(console, Path(job.folder) / LAST)
    if ending.status:
        console.error(ending.message, ending.status)
    return ending.status


def _say_written(console: Console, checkpoint: Path) -> None:
    if checkpoint.is_file():
        console.written("checkpoint", checkpoint)
