"""What training asks of the libraries beneath."""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import pytest
import threadpoolctl

from LungTumorSegLib.training.processes.threads import one_blas_thread


def blas_threads() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]


def test_blas_computes_on_one_thread_and_then_on_as_many_as_before():
    before = blas_threads()
    assert before
    with one_blas_thread():
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


FAULTS = """
import resource, sys
import numpy as np
from LungTumorSegLib.allocation import freed_memory_kept, keep_freed_memory

kept = keep_freed_memory() if sys.argv[1] == "keep" else True
if sys.argv[1] == "keep for a while":
    with freed_memory_kept():
        np.ones(16 * 2**20, np.uint8)
for _ in range(20):
    np.ones(16 * 2**20, np.uint8)
first = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(16 * 2**20, np.uint8)
    np.ones(48 * 2**20, np.uint8)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - first)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux' C library is told to keep memory")
def test_memory_that_is_freed_is_not_fetched_again():
    """In processes of their own: it cannot be taken back."""

    def run(how: str) -> tuple[int, int]:
        done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
        return tuple(map(int, done.stdout.split()))

    page = resource.getpagesize()
    kept, faults = run("keep")
    _, usual = run("as it is")
    _, afterwards = run("keep for a while")
    assert kept
    assert usual > 48 * 2**20 // page // 512  # else this test shows nothing; huge pages hold 512 pages
    assert afterwards > usual // 2  # it is given back
    assert faults < 2 * 48 * 2**20 // page  # once for the larger array, and not for each of 20
