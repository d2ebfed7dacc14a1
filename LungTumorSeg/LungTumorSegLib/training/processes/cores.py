"""How many cores there are to work with."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Count the cores that this process may use (a cluster's job has fewer than the machine)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
