"""How much memory there is to work with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")


def memory_bytes() -> float:
    """Return this machine's memory, or what its control group (a container, a batch job) may use; 0 if unknown."""
    limits = list(_group_limits())
    if hasattr(os, "sysconf"):
        limits.append(float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    return min(limits, default=0.0)


def _group_limits() -> Iterator[float]:
    """Yield the limits of this process's control group and of those around it (Linux, version 1 and 2)."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top, file = (GROUPS, "memory.max") if not controllers else (GROUPS / "memory", "memory.limit_in_bytes")
        group = Path(name.lstrip("/"))
        for place in (group, *group.parents):
            try:
                yield float((top / place / file).read_text())
            except (OSError, ValueError):  # no such file here, or no limit ("max")
                continue
