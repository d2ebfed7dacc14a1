"""One of several processes of a training run: ``python -m LungTumorSegLib.commandline.rank JOB``.

Is started by ``torch.distributed.run``, and tells its launcher by events what it does. No command of its own.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..progress import silent
from ..training.launching.job import Job
from ..training.launching.rank_events import Sender, SenderHandler
from ..training.optimizing.checkpoint import LAST
from ..training.processes.devices import share_threads, uses_gpus
from ..training.processes.distributed import joined
from ..training.processes.stopping import Stop
from .training_end import ending_of


def main(arguments: list[str]) -> int:
    """Train as one of the processes of a job; what goes wrong is an event, and the exit status."""
    job = Job.from_json(arguments[0])
    restarts = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
    sender = Sender(int(os.environ["RANK"]))
    _log_to(sender)
    checkpoint = Path(job.folder) / LAST
    stop = Stop()
    with stop.on_signals(even_ignored=True):
        sender.started(restarts)
        try:
            if restarts and checkpoint.is_file():
                job = replace(job, resume=True)
            _train(job, sender, stop)
        except BaseException as error:
            traceback.print_exc()
            message, status = ending_of(error, checkpoint)
            sender.ended(status, message)
            # At once, since the usual way out waits for processes that may be gone. What ended on request must not
            # be started again, so it has ended well.
            sys.stderr.flush()
            os._exit(status if status in (1, 2) else 0)
    sender.ended(0, "")
    return 0


def _train(job: Job, sender: Sender, stop: Stop) -> None:
    with ExitStack() as group:
        with stop.at_once():
            share_threads(int(os.environ["LOCAL_WORLD_SIZE"]))
            ranks = group.enter_context(joined(uses_gpus(job.device)))
            ready = job.start(ranks, sender.progress if ranks.is_first else silent)
        for line in ready.describe() if ranks.is_first else ():
            sender.note(line)
        ready.train([sender], stop)


def _log_to(sender: Sender) -> None:
    """Show this package's log: all of the first process's, and the others' warnings."""
    log = logging.getLogger("LungTumorSegLib")
    level = logging.WARNING if sender.rank else logging.INFO
    log.handlers, log.propagate = [SenderHandler(sender, level)], False
    log.setLevel(level)
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
