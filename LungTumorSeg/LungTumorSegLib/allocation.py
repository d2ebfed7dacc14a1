"""Memory that a process asks for, frees, and asks for again: in each step of training, and in each window.

As it is, glibc asks the system for every large tensor and gives it back; the system clears each of its pages, which
takes a tenth of the time on a CPU. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of mallopt(3) in glibc's malloc.h, and how glibc begins.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
GLIBC_BEGINS_WITH = {M_MMAP_MAX: 65536, M_TRIM_THRESHOLD: 128 * 1024, M_TOP_PAD: 128 * 1024}
LARGEST = 2**31 - 1
GROWS_BY = 64 * 2**20  # bytes

_for_good = False


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, to its end.

    Returns
    -------
    bool
        Whether the C library could be told.
    """
    global _for_good
    _for_good = _tell({M_MMAP_MAX: 0, M_TRIM_THRESHOLD: LARGEST, M_TOP_PAD: GROWS_BY})
    return _for_good


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let this process keep what it frees while the body runs, and give it back at the end."""
    if _for_good or not _tell({M_MMAP_MAX: 0, M_TRIM_THRESHOLD: LARGEST, M_TOP_PAD: GROWS_BY}):
        yield
        return
    try:
        yield
    finally:
        _tell(GLIBC_BEGINS_WITH)
        ctypes.CDLL(None).malloc_trim(0)


def _tell(settings: dict[int, int]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    taken = [mallopt(parameter, value) == 1 for parameter, value in settings.items()]
    return all(taken)
