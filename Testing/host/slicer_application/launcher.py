"""Stands in for the launcher that ``Slicer`` and ``PythonSlicer`` are: it starts the real program and waits for it.

As in CTK's launcher: signals are not passed on, and a program that a signal ended gives status 1.
"""

import os
import signal
import subprocess
import sys


def main(home: str, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    environment = {
        **os.environ,
        "APPLAUNCHER_LEVEL": str(int(os.environ.get("APPLAUNCHER_LEVEL", 0)) + 1),
        "PATH": os.pathsep.join([os.path.join(home, "bin"), os.environ["PATH"]]),
    }
    status = subprocess.run(command, env=environment, check=False).returncode
    if status < 0:
        print(f"error: [{command[0]}] exit abnormally - Report the problem.", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
