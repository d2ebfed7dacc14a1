"""Run Python with the given arguments, pass on the signals that standard input names, and end with its status.

`TrainingProcess` starts this file, and this file the training. It stands between them because ``PythonSlicer`` is a
launcher, a process that starts the real interpreter: a signal ends it and goes no further, and whatever a signal ended
inside it becomes status 1. From here the training is a direct child, so it gets its signals and its status is exact.

Each byte on standard input is the number of a signal. Its end means that whoever started this has gone, killed
perhaps: no training is left behind, it is told to stop by SIGTERM, on which it writes a checkpoint.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def run(command: list[str]) -> int:
    """Run a command to its end; return its status, 128 + N where signal N ended it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def pass_on(number: int, frame=None) -> None:
        # Windows has no signal but the one that ends a process.
        process.send_signal(number if os.name == "posix" else signal.SIGTERM)

    # A batch system may signal every process of a job at once.
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), pass_on)
    threading.Thread(target=_listen, args=(pass_on,), daemon=True).start()
    status = process.wait()
    if status >= 0:
        return status
    how = f"signal {-status} ({signal.strsignal(-status)})"
    hint = "; the system does that when memory runs out" if -status == getattr(signal, "SIGKILL", None) else ""
    print(f"lungtumorseg: error: training was ended by {how}{hint}; go on with --resume", file=sys.stderr, flush=True)
    return 128 - status


def _listen(pass_on) -> None:
    """Pass on each signal that standard input names, and SIGTERM at its end."""
    while named := os.read(sys.stdin.fileno(), 1):
        pass_on(named[0])
    pass_on(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(run([sys.executable, *sys.argv[1:]]))
