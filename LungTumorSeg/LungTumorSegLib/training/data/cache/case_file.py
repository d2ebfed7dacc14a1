"""One prepared case in one HDF5 file, which appears whole or not at all.

HDF5 keeps a checksum of every chunk of an array (Fletcher's) and of the file's own tables, and compares it whenever it
reads them: what a disk or a copy has changed is not trained on.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....volume import Grid, Volume
from ....volume.files import atomic_path
from ..case_images import CaseImages
from ..cases import TrainingCase
from .arrays import UNREADABLE, CachedArray, damaged

if TYPE_CHECKING:
    import h5py

PATCHED = ("hu", "label", "solid")  # what patches are cut from
REGION = "region"  # outside which some recipes hide what is there
# Cutting a random patch of 80^3 or 96^3 voxels out of these three takes 1 to 3 ms from chunks of 24 to 64, of which 32
# wastes least at the borders; the checksums take 0.5 ms of it. With lzf compression it takes ten times as long and a
# third of the space.
CHUNK = 32
SCAN_CHUNK = 8  # slices
WITH_CHECKSUMS = "v110"  # the oldest version of the file format that has them in all of its tables


def write_case(path: Path, case: TrainingCase, scan: CaseImages | None) -> None:
    """Write a prepared case, and the scan that it was made from unless that is None.

    Raises
    ------
    InputError
        The place cannot be written or is full.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(_file_image(case, scan))


def _file_image(case: TrainingCase, scan: CaseImages | None) -> bytes:
    """Return the whole file: made in memory, since the HDF5 library takes a full disk badly."""
    import h5py

    with h5py.File("image", "w", driver="core", backing_store=False, libver=WITH_CHECKSUMS) as file:
        for name in PATCHED:
            array = getattr(case, name)
            chunks = tuple(min(CHUNK, n) for n in array.shape)
            _write(file, name, array, chunks=chunks)
        _write(file, "spacing", np.array(case.spacing))
        if case.region is not None:
            _write(file, REGION, case.region, chunks=chunks, compression="lzf")
        _write(file, "aerated", case.aerated)
        _write(file, "anywhere", case.anywhere)
        _write(file, "lesions", np.concatenate([np.empty((0, 3), np.int16), *case.lesions]))
        _write(file, "lesion_sizes", np.array([len(lesion) for lesion in case.lesions], dtype=np.int64))
        if scan is not None:
            _write_scan(file.create_group("scan"), scan)
        file.flush()
        return file.id.get_file_image()


def _write(group: h5py.Group, name: str, array: np.ndarray, **layout) -> None:
    """Write an array with checksums, for which it must lie in chunks: h5py chooses them by default."""
    group.create_dataset(name, data=array, fletcher32=array.size > 0, **layout)


def open_case(path: Path, name: str, in_memory: bool, parts: Collection[str] = PATCHED) -> TrainingCase:
    """Open a prepared case; the places to draw from are always in memory.

    Parameters
    ----------
    path : Path
    name : str
    in_memory : bool
        Whether ``parts`` are read into memory. All other arrays are of `CachedArray`.
    parts : collection of str
        What patches are cut from.

    Raises
    ------
    InputError
        The file is gone or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            ends = np.cumsum(file["lesion_sizes"])
            arrays = {
                key: file[key][...]
                if in_memory and key in parts
                else CachedArray(path, key, file[key].shape, file[key].dtype)
                for key in (*PATCHED, REGION)
                if key in file
            }
            return TrainingCase(
                name=name,
                aerated=file["aerated"][...],
                anywhere=file["anywhere"][...],
                lesions=np.split(file["lesions"][...], ends[:-1]) if len(ends) else [],
                spacing=tuple(file["spacing"][...].tolist()),
                **arrays,
            )
    except UNREADABLE as error:
        raise damaged(path) from error


def patched_bytes(path: Path, parts: Collection[str] = PATCHED) -> int:
    """Return how many bytes of memory the arrays of a case take that patches are cut from."""
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            return sum(file[name].nbytes for name in parts)
    except UNREADABLE as error:
        raise damaged(path) from error


def read_scan(path: Path) -> CaseImages:
    """Read the scan that a prepared case was made from, on its own grid.

    Raises
    ------
    InputError
        The cache was made without the scans, or is damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            if "scan" not in file:
                raise InputError(
                    "the cache holds no scans, only what patches are cut from", path, "prepare with scans"
                )
            scan = file["scan"]
            geometry = {key: scan.attrs[key] for key in ("size", "spacing", "origin", "direction")}
            grid = Grid(
                *(tuple(geometry[key].tolist()) for key in ("size", "spacing", "origin")), geometry["direction"]
            )
            arrays = {key: scan[key][...] if key in scan else None for key in ("ct", "mask", "ignore")}
    except UNREADABLE as error:
        raise damaged(path) from error
    mask = None if arrays["mask"] is None else Volume(arrays["mask"], grid)
    return CaseImages(Volume(arrays["ct"], grid), mask, arrays["ignore"])


def _write_scan(group: h5py.Group, scan: CaseImages) -> None:
    grid = scan.ct.grid
    for key in ("size", "spacing", "origin", "direction"):
        group.attrs[key] = np.array(getattr(grid, key))
    mask = None if scan.mask is None else scan.mask.array
    for key, array in (("ct", scan.ct.array), ("mask", mask), ("ignore", scan.ignore)):
        if array is not None:
            chunks = (min(SCAN_CHUNK, len(array)), *array.shape[1:])
            _write(group, key, array, chunks=chunks, compression="lzf", shuffle=array.itemsize > 1)
