"""Whether a file's voxels arrived whole, told from the check sums that the file itself carries.

ITK reads a truncated NIfTI file as if zeros followed, puts 0 where a NIfTI file has NaN or infinity, writes one to a
full disk without a word, and leaves the voxels of a damaged MetaImage unset. The check here costs little: the CRC-32
(gzip) or Adler-32 (zlib) at the file's end is compared with that of the voxels as ITK gave them. Only where these
differ for a good reason (other byte order, values rescaled on reading, several gzip members) is the file decompressed
a second time.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHUNK = 1 << 20
MAX_COMPRESSION = 1040  # deflate makes one byte of at most 1032
_ANY_STREAM = 47  # zlib's "wbits": gzip or zlib, told from the first bytes


class DamagedError(Exception):
    """The file ends early or its check sum is wrong."""


@dataclass(frozen=True)
class StoredVoxels:
    """Where a file keeps its voxels.

    Parameters
    ----------
    path : Path
        The file that holds the voxels.
    offset : int
        Bytes before the voxels; counted after decompression if the whole file is a gzip stream.
    nbytes : int
        Bytes of the voxels, uncompressed.
    compression : str, optional
        ``"gzip"`` for a file that is one gzip stream, ``"zlib"`` for compressed voxels behind a plain header.
    stored_nbytes : int, optional
        Bytes that compressed voxels take behind a plain header.
    real_type : numpy.dtype, optional
        Type and byte order of the voxels where they are floating-point numbers that the reader may alter.
    """

    path: Path
    offset: int
    nbytes: int
    compression: str | None = None
    stored_nbytes: int | None = None
    real_type: np.dtype | None = None


def is_gzip(path: Path) -> bool:
    """Tell from its first bytes whether a file is a gzip stream."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def check_length(stored: StoredVoxels) -> None:
    """Raise `DamagedError` if the file is shorter than its header says; nothing is decompressed.

    Compressed voxels are measured by the best that compression can do, so that a header's promise of gigabytes is not
    believed (and no memory asked for) where a few bytes follow.
    """
    present = stored.path.stat().st_size
    if stored.compression != "gzip":
        needed = stored.offset + (stored.nbytes if stored.compression is None else stored.stored_nbytes or 0)
        if present < needed:
            raise DamagedError(f"it has {present} of {needed} bytes")
    if stored.compression is not None and stored.nbytes > MAX_COMPRESSION * present:
        raise DamagedError(f"its header promises {stored.nbytes} bytes of voxels, and the file has only {present}")


def check_voxels(stored: StoredVoxels, voxels: np.ndarray | None = None) -> int:
    """Raise `DamagedError` unless the voxels are stored whole and undamaged.

    Parameters
    ----------
    stored : StoredVoxels
        What the file's header says.
    voxels : ndarray, zyx, C-contiguous, optional
        The voxels as they were read or are to be stored; they spare the second decompression.

    Returns
    -------
    int
        How many stored numbers are NaN or infinite, for a `StoredVoxels` with ``real_type``; else 0. Where the check
        sum proves ``voxels`` to be what is stored, they are left to the caller to look at: 0.
    """
    check_length(stored)
    if stored.compression == "gzip" and _crc_matches(stored, voxels):
        return 0
    if stored.compression == "zlib":
        if not _adler_matches(stored, voxels):
            _decompress_voxels(stored)
        return 0
    return _stream(stored) if stored.compression == "gzip" or stored.real_type else 0


def _crc_matches(stored: StoredVoxels, voxels: np.ndarray | None) -> bool:
    if voxels is None or voxels.nbytes != stored.nbytes:
        return False
    try:
        with gzip.open(stored.path) as file:
            header = file.read(stored.offset)
    except (EOFError, OSError, zlib.error):
        return False
    crc = zlib.crc32(np.ascontiguousarray(voxels), zlib.crc32(header))
    length = (stored.offset + stored.nbytes) & 0xFFFFFFFF
    return _tail(stored.path, 8) == crc.to_bytes(4, "little") + length.to_bytes(4, "little")


def _adler_matches(stored: StoredVoxels, voxels: np.ndarray | None) -> bool:
    if voxels is None or voxels.nbytes != stored.nbytes or stored.stored_nbytes is None:
        return False
    with stored.path.open("rb") as file:
        file.seek(stored.offset + stored.stored_nbytes - 4)
        return file.read(4) == zlib.adler32(np.ascontiguousarray(voxels)).to_bytes(4, "big")


def _stream(stored: StoredVoxels) -> int:
    """Read the file to its end; return how many of its voxels are not finite."""
    whole, present, not_finite = stored.offset + stored.nbytes, stored.offset, 0
    try:
        with gzip.open(stored.path) if stored.compression else stored.path.open("rb") as file:
            file.read(stored.offset)
            while chunk := file.read(CHUNK):
                if stored.real_type:
                    numbers = np.frombuffer(chunk[: max(0, whole - present)], stored.real_type)
                    not_finite += int(np.count_nonzero(~np.isfinite(numbers)))
                present += len(chunk)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise DamagedError("its compressed data end early or are damaged") from error
    if present < whole:
        raise DamagedError(f"it holds {present} of {whole} bytes")
    return not_finite


def _decompress_voxels(stored: StoredVoxels) -> None:
    stream, present = zlib.decompressobj(_ANY_STREAM), 0
    try:
        with stored.path.open("rb") as file:
            file.seek(stored.offset)
            while not stream.eof and (chunk := file.read(CHUNK)):
                present += len(stream.decompress(chunk))
    except zlib.error as error:
        raise DamagedError("its compressed data are damaged") from error
    if not stream.eof or present < stored.nbytes:
        raise DamagedError(f"it holds {present} of {stored.nbytes} bytes of voxels")


def _tail(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(-count, 2)
        return file.read(count)
