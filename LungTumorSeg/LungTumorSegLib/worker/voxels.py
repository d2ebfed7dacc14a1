"""Voxels that both processes see: a file in memory, with a place for the CT, for a preview and for the mask.

The client reads and writes it by ordinary calls and the worker maps it. So a file system that is full is an error at
a call, and not a signal that ends the application. The worker removes the file's name as soon as it has opened it, and
the client writes the CT only then: no patient's voxel lies under a name. Windows keeps the name, and removes the file
when it is closed, also by the end of a process.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

SHARED_MEMORY = Path("/dev/shm")
PAGE = 4096  # bytes; parts begin on such a boundary, so that arrays of any type are aligned
FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_TEMPORARY", 0)
NAME = re.compile(r"lungtumorseg-(\d+)-[0-9a-f]{16}")


@dataclass(frozen=True)
class Layout:
    """Where the parts of the file begin, in bytes.

    Attributes
    ----------
    ct : int
        Always 0: the CT's array, zyx.
    preview, mask : int
        One byte for each voxel of the CT is enough for either.
    size : int
        Of the file.
    """

    ct: int
    preview: int
    mask: int
    size: int

    @classmethod
    def of(cls, shape: tuple[int, int, int], dtype: np.dtype) -> Layout:
        """Lay the file out for a CT of ``shape`` (zyx)."""
        voxels = max(int(np.prod(shape)), 1)
        preview = _whole_pages(voxels * dtype.itemsize)
        mask = preview + _whole_pages(voxels)
        return cls(0, preview, mask, mask + _whole_pages(voxels))


def _whole_pages(size: int) -> int:
    return -(-size // PAGE) * PAGE


def folder_for(size: int) -> Path:
    """Return the folder for a file of ``size`` bytes: shared memory where there is enough, else for temporary files.

    Containers often have 64 MB of shared memory only.
    """
    try:
        if shutil.disk_usage(SHARED_MEMORY).free > size:
            return SHARED_MEMORY
    except OSError:  # not a system with such a folder
        pass
    return Path(tempfile.gettempdir())


class SharedVoxels:
    """The client's side: the file, made by it, readable for this user only.

    Parameters
    ----------
    layout : Layout

    Attributes
    ----------
    path : Path
    """

    def __init__(self, layout: Layout):
        self.layout = layout
        self.path = folder_for(layout.size) / f"lungtumorseg-{os.getpid()}-{secrets.token_hex(8)}"
        self._file = os.fdopen(os.open(self.path, FLAGS | os.O_CREAT | os.O_EXCL, 0o600), "r+b", buffering=0)
        try:
            self._file.truncate(layout.size)
        except OSError:
            self.close()
            raise

    def write(self, offset: int, array: np.ndarray) -> int:
        """Write ``array`` in C order at ``offset``; return the offset behind it.

        Raises
        ------
        OSError
            The file system is full.
        """
        return _write(self._file, offset, array)

    def read(self, offset: int, shape: tuple[int, ...]) -> np.ndarray:
        """Read bytes at ``offset`` as a new array of ``shape``, uint8."""
        array = np.empty(shape, dtype=np.uint8)
        self._file.seek(offset)
        rest = memoryview(array).cast("B")
        while len(rest):
            got = self._file.readinto(rest)
            if not got:
                raise OSError("the file of shared voxels has been cut short")
            rest = rest[got:]
        return array

    def close(self) -> None:
        """Give the file back, and remove its name where it still has one; can be called again."""
        self._file.close()
        _remove(self.path)


class MappedVoxels:
    """The worker's side: the same file, whose name is removed; mapped once the CT is in it.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str):
        self._file = os.fdopen(os.open(path, FLAGS), "r+b", buffering=0)
        if os.name != "nt":
            _remove(Path(path))

    def array(self, dtype: np.dtype, shape: tuple[int, int, int]) -> np.ndarray:
        """View the CT (zyx), read-only; the file stays mapped as long as somebody holds the view."""
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, dtype, int(np.prod(shape))).reshape(shape)

    def write(self, offset: int, array: np.ndarray) -> None:
        """Write ``array`` in C order at ``offset``.

        Raises
        ------
        OSError
            The file system is full.
        """
        _write(self._file, offset, array)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write(file: BinaryIO, offset: int, array: np.ndarray) -> int:
    file.seek(offset)
    rest = memoryview(np.ascontiguousarray(array)).cast("B")
    while len(rest):
        rest = rest[file.write(rest) :]
    return file.tell()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # gone already; another user's; Windows: still open
        path.unlink()


def sweep() -> None:
    """Remove the files that processes left behind which are no more."""
    for folder in {SHARED_MEMORY, Path(tempfile.gettempdir())}:
        if not folder.is_dir():
            continue
        for path in folder.glob("lungtumorseg-*"):
            named = NAME.fullmatch(path.name)
            if named and not _is_running(int(named[1])):
                _remove(path)


def _is_running(pid: int) -> bool:
    try:
        import psutil
    except ImportError:  # nothing can be told; a later start does it
        return True
    return psutil.pid_exists(pid)
