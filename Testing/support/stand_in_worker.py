"""A worker that misbehaves in one way or another, as a process: `python stand_in_worker.py HOW`.

It speaks the protocol with the standard library alone, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

CPU = {"device": "cpu", "name": "stand-in", "free_bytes": None, "total_bytes": None, "usable": True, "reason": ""}
RESULT = {
    "corner": [0, 0, 0],
    "shape": [1, 1, 1],
    "timing": {"loading": 0.0, "network": 0.0, "result": 0.0},
    "device": {},
    "notes": [],
    "settings": {},
    "windows_run": 1,
    "windows_total": 1,
    "lesions": [],
    "labels": {"1": "Lung tumor"},
    "lesion_labels": [1],
}


def say(event: str, **content) -> None:
    print(json.dumps({"event": event, **content}), flush=True)


def start() -> None:
    say("started", protocol=1, pid=os.getpid())
    say("ready", devices=[CPU], automatic=CPU)


def hear(wanted: str) -> dict:
    """Wait for a request; answer those on the way to it."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["request"] == "open":
            say("opened", job=request["job"])
        if request["request"] == wanted:
            return request
    raise SystemExit(0)


def spoil(how: str) -> None:
    """Start well, take a CT, then answer with this."""
    start()
    job = hear("segment")["job"]
    say("progress", job=job, stage="network", fraction=0.5)
    mask = {**RESULT, "job": job}
    spoiled = {
        "text": "Segmentation finished!\n",
        "half a line": '{"event": "done", "jo',
        "huge line": "x" * 17_000_000 + "\n",
        "no event": '{"answer": 42}\n',
        "unknown event": json.dumps({"event": "applause", "job": job}) + "\n",
        "no stage": json.dumps({"event": "progress", "job": job, "fraction": 0.5}) + "\n",
        "unknown stage": json.dumps({"event": "progress", "job": job, "stage": "lunch", "fraction": 0.5}) + "\n",
        "no number": json.dumps({"event": "progress", "job": job, "stage": "network", "fraction": "half"}) + "\n",
        "mask beside the CT": json.dumps({"event": "done", **mask, "corner": [0, 0, 10**6]}) + "\n",
        "mask upside down": json.dumps({"event": "done", **mask, "shape": [1, 1, -1]}) + "\n",
        "mask of two axes": json.dumps({"event": "done", **mask, "corner": [0, 0], "shape": [1, 1]}) + "\n",
        "result without lesions": json.dumps({"event": "done", **{k: v for k, v in mask.items() if k != "lesions"}})
        + "\n",
        "result without labels": json.dumps({"event": "done", **{k: v for k, v in mask.items() if k != "labels"}})
        + "\n",
        "unknown failure": json.dumps({"event": "failed", "job": job, "kind": "bad mood", "message": ""}) + "\n",
        "binary": "\0\1\2\ufffd\n",
    }[how]
    sys.stdout.write(spoiled)
    sys.stdout.flush()
    time.sleep(0.3 if how == "half a line" else 600)  # half a line, and then it ends


def hang() -> None:
    """Take a CT, then do nothing, with descendants that do nothing: one of them nobody's child any more."""
    start()
    hear("segment")
    idle = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(idle)
    parent_that_ends = f"import subprocess; print(subprocess.Popen({idle!r}, stdout=-3, stderr=-3).pid)"  # DEVNULL
    orphan = subprocess.run([sys.executable, "-c", parent_that_ends], capture_output=True, text=True).stdout.strip()
    print(f"descendants {child.pid} {orphan}", file=sys.stderr, flush=True)
    while True:
        time.sleep(600)


def serve(times: int = 10**6, before=lambda: None) -> None:
    """Answer every CT with nothing found."""
    start()
    for _ in range(times):
        job = hear("segment")["job"]
        before()
        say("progress", job=job, stage="network", fraction=1.0)
        say("done", job=job, **RESULT)


def full_gpu() -> None:
    """Have no memory left on the GPU, and tell the log which device each CT was meant for."""
    start()
    while True:
        request = hear("segment")
        job, device = request["job"], request["device"]
        print(f"device={device}", file=sys.stderr, flush=True)
        if device == "cpu":
            say("done", job=job, **RESULT)
        else:
            say("failed", job=job, kind="memory", device="cuda:0", message="the memory of the GPU does not suffice")


def flood() -> None:
    """Print more than a pipe holds, to the log, before each answer."""
    serve(before=lambda: print("\n".join(f"log line {n}" for n in range(100_000)), file=sys.stderr, flush=True))


def greet() -> None:
    """Print what is no event before the first one, as start-up files of an interpreter do."""
    print("Welcome to Python!", flush=True)
    serve()


def end(code: str):
    """Take a CT, then run this."""
    start()
    hear("segment")
    exec(code)


WAYS = {
    "serve": serve,
    "full GPU": full_gpu,
    "flood": flood,
    "greet": greet,
    "hang": hang,
    "deaf": lambda: (start(), time.sleep(600)),
    "never ready": lambda: time.sleep(600),
    "missing package": lambda: exec("import no_such_package_for_tests"),
    "other protocol": lambda: (say("started", protocol=99, pid=0), time.sleep(600)),
    "endless greeting": lambda: [print("y", flush=True) for _ in range(10_000)] and time.sleep(600),
    "exit": lambda: end("raise SystemExit(3)"),
    "crash": lambda: end("os.kill(os.getpid(), 11)"),
    "die": lambda: end("os.kill(os.getpid(), 9)"),
    "memory error": lambda: end("raise MemoryError"),
    "stop listening": lambda: (start(), os.close(0), time.sleep(600)),
    "close stdout": lambda: (start(), hear("segment"), os.close(1), time.sleep(0.2)),
}

if __name__ == "__main__":
    WAYS.get(sys.argv[1], lambda: spoil(sys.argv[1]))()
