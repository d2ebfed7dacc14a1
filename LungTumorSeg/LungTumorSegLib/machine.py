"""What this process may use of the machine: its cores, and its memory.

A container or a cluster's job has less than the machine; Linux says how much by its control groups (version 1 and 2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Memory in bytes; 0 where it cannot be told."""

    total: int
    free: int


@dataclass(frozen=True)
class _Version:
    """The files in which a version of control groups says what a group may use and does use."""

    top: Path
    limit: str
    used: str
    reclaimable: str  # in memory.stat: files that are kept in memory as long as nobody needs it


def usable_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> Memory:
    """Return the memory of the machine, or of the tightest control group around this process where that is less."""
    told = [_machine_memory(), *_group_memory()]
    return Memory(
        min((part.total for part in told if part.total), default=0),
        min((part.free for part in told if part.total), default=0),
    )


def _machine_memory() -> Memory:
    try:
        import psutil
    except ImportError:
        return Memory(0, 0)
    told = psutil.virtual_memory()
    return Memory(told.total, told.available)


def _group_memory() -> Iterator[Memory]:
    """Yield what this process's control group and those around it may use, where they are limited."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            files = _Version(GROUPS, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = GROUPS / "memory"
            files = _Version(top, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = Path(name.lstrip("/"))
        for place in (group, *group.parents):
            with suppress(OSError, ValueError):  # no such file here, or no limit ("max")
                yield _read_group(files.top / place, files)


def _read_group(folder: Path, files: _Version) -> Memory:
    limit, used = (int((folder / name).read_text()) for name in (files.limit, files.used))
    reclaimable = 0
    with suppress(OSError, ValueError, KeyError):
        fields = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        reclaimable = int(fields[files.reclaimable])
    return Memory(limit, max(0, limit - used + reclaimable))
