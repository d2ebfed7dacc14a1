"""Stands in LungTumorSegLib's place: does at once what a training does after hours (``train ACTION …``)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WAIT = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"


def report(number, frame):
    """Say which signal came; in a file too, as the log's reader may be gone."""
    signal.signal(number, signal.SIG_IGN)  # Python is open to a second one while it ends
    name = signal.Signals(number).name
    Path(rest[0]).write_text(name)
    print(name)
    sys.exit(40 + number)


command, action, *rest = sys.argv[1:]
assert command == "train"
if action == "end":
    sys.exit(int(rest[0]))
elif action == "die":
    os.kill(os.getpid(), int(rest[0]))
elif action == "say" or action.startswith("--"):
    said = {"file": __file__, "python": sys.executable, "arguments": sys.argv[2:], "input": sys.stdin.read()}
    print(json.dumps(said))
    print("complaint", file=sys.stderr)
elif action == "speak-wait-speak":
    print("first …")
    subprocess.run([sys.executable, "-c", WAIT, rest[0]], check=True)
    print("second")
elif action == "leave-behind":
    print("leaving")
    subprocess.Popen([sys.executable, "-c", WAIT, rest[0]])
    sys.exit(3)
elif action == "await-signal":
    for name in ("SIGTERM", "SIGINT", "SIGUSR1"):
        signal.signal(getattr(signal, name), report)
    print("ready")
    while True:
        time.sleep(0.01)
else:
    sys.exit(f"unknown action {action}")
