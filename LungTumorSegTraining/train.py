"""Train a network from Slicer without its window. Not for clinical use.

    Slicer --no-main-window --python-script train.py -- --recipe lung-tumor --data DIR --output RUN --processes 2

The options are those of ``lungtumorseg train``; ``python train.py`` does the same without Slicer. The training runs in
processes of its own, started through PythonSlicer, and its log goes where Slicer's own output goes. SIGTERM, SIGINT
and SIGUSR1 are passed on to it, and Slicer ends with its exit status, whatever happens.

Only ASCII here: Slicer reads this file in the encoding of the locale, which on a cluster's node may be ASCII.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback

SIGNALS = ("SIGTERM", "SIGINT", "SIGUSR1")
LOG_DRAIN_S = 0.5


class train:  # noqa: N801
    """What Slicer finds when it looks for modules: it takes every Python file beside a module for one, by its name."""

    def __init__(self, parent):
        parent.title = "Lung Tumor Segmentation Training (script)"
        parent.hidden = True


def main(arguments: list[str]) -> int:
    """Train with the options of the command line, and return the exit status."""
    from LungTumorSegTrainingLib.package import LaunchError
    from LungTumorSegTrainingLib.process import STEP_S, TrainingProcess

    try:
        training = TrainingProcess(arguments)
    except LaunchError as error:
        say(str(error))
        return 2
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: training.stop(number))
    launcher = slicer_launcher()
    while training.wait(STEP_S) is None:
        if launcher and os.getppid() != launcher:
            training.stop()
            launcher = None
    return training.status


def slicer_launcher() -> int | None:
    """Return the process of Slicer's launcher, where one started this process.

    ``Slicer`` and ``PythonSlicer`` are launchers. One that is ended by a signal does not pass it on, and only its
    being gone tells that somebody wants an end.
    """
    return os.getppid() if "APPLAUNCHER_LEVEL" in os.environ else None


def say(error: str) -> None:
    """Print the one line that says what ended the work."""
    print(f"lungtumorseg: error: {' '.join(error.split())}", file=sys.stderr, flush=True)


def leave(status: int) -> None:
    """End the program with this exit status, also where Slicer would give its own."""
    with contextlib.suppress(Exception):
        options = sys.modules["slicer"].app.commandOptions()
        if options.exitAfterStartup:
            # Slicer would end with 1, as it counts SystemExit among the errors. Its log is written by a thread.
            time.sleep(LOG_DRAIN_S)
            os._exit(status)
        options.runPythonAndExit = False  # set by --testing, and then the same would happen
    sys.exit(status)


if __name__ == "__main__":
    exit_status = 1
    try:
        # Without `--` Slicer looks for its own options first, and leaves the others.
        exit_status = main(sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:])
    except BaseException as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        say(f"unexpected {type(error).__name__}: {error} (a mistake of this program; --debug shows where)")
    finally:
        leave(exit_status)
