"""Runs ``torch.distributed.run`` in a process of its own, and says in one event how the ranks ended.

``python -m LungTumorSegLib.training.launching.agent`` takes the arguments of ``torch.distributed.run``. Signals are
the launcher's business, which passes them on to the ranks: a cluster sends them to every process of a job, and here
they would end the ranks before their checkpoint is written.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

IGNORED_SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")
END_SIGNAL = "SIGHUP"  # the one that is left to torch.distributed.run: it ends the ranks, and itself


def main(arguments: list[str]) -> int:
    """Start the ranks, and start them again as often as the arguments say; return 0 when all have ended well."""
    for name in IGNORED_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_launcher, daemon=True).start()

    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    if "--signals-to-handle" in run.get_args_parser().format_help():  # PyTorch 2.9 and newer
        arguments = [f"--signals-to-handle={END_SIGNAL}", *arguments]
    try:
        run.main(arguments)
    except ChildFailedError as error:
        failed = [{"rank": rank, "exitcode": one.exitcode} for rank, one in error.failures.items()]
        _send("failures", failures=failed)
        return 1
    except BaseException as error:
        lines = str(error).splitlines() or [""]
        _send("no_ranks", message=f"{type(error).__name__}: {lines[0]}")
        raise
    return 0


def _send(event: str, **content) -> None:
    print(json.dumps({"event": event, **content}), flush=True)


def _end_with_launcher() -> None:
    """Wait until the launcher closes our standard input, as its death does, then end the ranks."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), getattr(signal, END_SIGNAL, signal.SIGTERM))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
