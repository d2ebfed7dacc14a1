"""Arrays in a cache's files, read by several processes at once, and work for several processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h5py
import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.data.cache import CachedArray, arrays
from LungTumorSegLib.training.data.preparing.pool import results

SHAPE = (40, 36, 44)


def array_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(-1000, 1000, SHAPE, dtype=np.int16)


@pytest.fixture
def files(tmp_path):
    """More files than are kept open at a time."""
    made = []
    for number in range(6):
        path = tmp_path / f"{number}.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("hu", data=array_of(number), chunks=(16, 16, 16))
        made.append(CachedArray(path, "hu", SHAPE, np.dtype(np.int16)))
    return made


@pytest.fixture
def few_open_files(monkeypatch):
    monkeypatch.setattr(arrays, "OPEN_FILES", 2)


def misread(job: tuple[list[CachedArray], int]) -> int:
    """Read many windows of all arrays; count those that are wrong."""
    cached, seed = job
    rng = np.random.default_rng(seed)
    wrong = 0
    for _ in range(60):
        number = int(rng.integers(len(cached)))
        z, y, x = (int(rng.integers(n - 20)) for n in SHAPE)
        window = np.s_[z : z + 20, y : y + 20, x : x + 20]
        wrong += not np.array_equal(cached[number][window], array_of(number)[window])
    return wrong


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_several_processes_read_the_same_files(files, few_open_files, start):
    assert misread((files, 0)) == 0  # files are open here when the others start
    with ProcessPoolExecutor(2, multiprocessing.get_context(start)) as pool:
        assert list(pool.map(misread, [(files, seed) for seed in range(4)])) == [0] * 4
    assert misread((files, 9)) == 0


def test_several_threads_read_the_same_files(files, few_open_files):
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(misread, [(files, seed) for seed in range(4)])) == [0] * 4


def test_handle_is_small_and_keeps_its_shape(files):
    copy = pickle.loads(pickle.dumps(files[0]))
    assert len(pickle.dumps(files[0])) < 500
    assert (copy.shape, copy.dtype, copy.ndim, len(copy)) == (SHAPE, np.int16, 3, SHAPE[0])
    assert copy.nbytes == array_of(0).nbytes
    assert np.array_equal(np.asarray(copy), array_of(0))


def test_file_that_is_gone_or_was_replaced_is_named(files, tmp_path):
    (tmp_path / "0.h5").unlink()
    with pytest.raises(InputError, match=r"0\.h5: this file of the cache is damaged or gone; remove it"):
        files[0][:2]
    with h5py.File(tmp_path / "1.h5", "w") as file:
        file.create_dataset("hu", data=np.zeros((3, 3, 3), np.int16))
    with pytest.raises(InputError, match=r"1\.h5: the cache was prepared anew while it was in use"):
        files[1][:2]


def double_or_die(number: int) -> int:
    if number == 3:
        os._exit(1)  # as one that the system kills for want of memory
    return 2 * number


def test_worker_that_is_killed_ends_the_work_in_one_line():
    with pytest.raises(InputError, match="--workers: a worker process was ended from outside; try fewer"):
        list(results(double_or_die, [1, 3], 1, lambda: None))


def test_work_may_be_ended_while_it_is_waited_for():
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(results(double_or_die, [1, 2], 1, stop))
