"""Processes of a run that is going on."""

from __future__ import annotations

import json
import time
from pathlib import Path


def wait_for(condition, what: str, seconds: float = 120.0):
    """Return the first true answer of ``condition``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


def ranks_of(folder: Path) -> dict[int, int]:
    """Return the process numbers of a run's ranks, by rank; they are found by their command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes().decode().split("\0")
            variables = dict(one.partition("=")[::2] for one in (place / "environ").read_text().split("\0"))
        except OSError:
            continue
        if "RANK" in variables and "LungTumorSegLib.commandline.rank" in command and f'"{folder}"' in command[-2]:
            found[int(variables["RANK"])] = int(place.name)
    return found


def read_until(stream, event: str) -> list[dict]:
    """Read JSON events until one of this kind."""
    seen = []
    for line in stream:
        seen.append(json.loads(line))
        if seen[-1]["event"] == event:
            return seen
    raise AssertionError(f"there was no {event} among {seen}")
