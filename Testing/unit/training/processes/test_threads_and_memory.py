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
from LungTumorSegLib.allocation import keep_freed_memory

kept = keep_freed_memory() if sys.argv[1] == "keep" else True
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
    assert kept
    assert usual > 48 * 2**20 // page // 512  # else this test shows nothing; huge pages hold 512 pages
    assert faults < 2 * 48 * 2**20 // page  # once for the larger array, and not for each of 20


HELD = """
import resource
from pathlib import Path
import numpy as np
from LungTumorSegLib.allocation import freed_memory_kept

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20

before = held()
with freed_memory_kept():
    np.ones(256 * 2**20, np.uint8)
    print(held() - before)
print(held() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux' C library is told to keep memory")
def test_memory_that_is_kept_for_a_while_is_given_back():
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    meanwhile, afterwards = map(int, done.stdout.split())  # MiB
    assert meanwhile > 200
    assert afterwards < 32
