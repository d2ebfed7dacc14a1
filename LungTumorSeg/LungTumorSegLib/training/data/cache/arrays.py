"""Arrays that stay in a cache's files and are read window by window, in as many processes as there are.

An open HDF5 file must not be shared by processes. So what is handed around is only the file's name; each process opens
the file when it first reads from it, and all files are closed before a process forks.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError

if TYPE_CHECKING:
    import h5py

UNREADABLE = (OSError, KeyError, ValueError, RuntimeError)  # what h5py raises about a damaged file
OPEN_FILES = 64  # systems allow a process about a thousand, and a data set may have more

_files: OrderedDict[Path, h5py.File] = OrderedDict()
_lock = threading.Lock()


def damaged(path: Path) -> InputError:
    """Return the error about a file of a cache that cannot be read, or not as it was written."""
    do = "remove it, and prepare the data set again"
    return InputError("this file of the cache is damaged or gone", path, do)


class CachedArray:
    """An array in a case's file; slicing reads from the disk. It may be pickled, and used after a fork.

    Attributes
    ----------
    shape : tuple of int, zyx
    dtype : numpy.dtype
    """

    def __init__(self, path: str | Path, name: str, shape: tuple[int, ...], dtype: np.dtype):
        self.path, self.name, self.shape, self.dtype = Path(path), name, tuple(shape), np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the whole array takes in memory."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, window) -> np.ndarray:
        """Read a window.

        Raises
        ------
        InputError
            The file is gone, damaged, or was replaced by one of another shape.
        """
        with _lock:
            try:
                stored = _opened(self.path)[self.name]
                if stored.shape != self.shape:
                    raise InputError("the cache was prepared anew while it was in use", self.path, "start again")
                return stored[window]
            except UNREADABLE as error:
                raise damaged(self.path) from error

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Read all of it."""
        return np.asarray(self[...], dtype=dtype)


def _opened(path: Path) -> h5py.File:
    """Open a file, or take up the one that this process has open; the least recently used is closed."""
    import h5py

    if path not in _files:
        while len(_files) >= OPEN_FILES:
            _files.popitem(last=False)[1].close()
        # Files only ever appear whole and are never changed, so no lock is needed (network file systems lack them).
        _files[path] = h5py.File(path, "r", locking=False)
    _files.move_to_end(path)
    return _files[path]


def _close_before_fork() -> None:
    _lock.acquire()
    while _files:
        _files.popitem()[1].close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release)
