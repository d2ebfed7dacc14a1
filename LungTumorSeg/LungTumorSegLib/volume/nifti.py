"""What a NIfTI-1 header says, where ITK would overlook a contradiction.

ITK replaces a spacing of zero by 1, falls back to the qform when the sform is sheared or not finite, and ignores an
infinite intercept. Here the header is read first and such a file refused. Layout: nifti.nimh.nih.gov, ``nifti1.h``.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from ..errors import InputError
from .checks import MAX_SKEW
from .integrity import StoredVoxels, is_gzip

log = logging.getLogger(__name__)

HEADER_BYTES = 348
MIN_VOXEL_OFFSET = 352  # the header and four bytes that announce extensions
# The spacing (pixdim) and the length of the sform's columns may differ by rounding only.
MAX_SPACING_MISMATCH = 0.01

_REAL_TYPES = {16: np.dtype("<f4"), 64: np.dtype("<f8")}  # by datatype code, in the header's byte order

_FIELDS = np.dtype(
    {
        "names": [
            *("dim", "datatype", "bitpix", "pixdim", "vox_offset", "scl_slope", "scl_inter"),
            *("qform_code", "sform_code", "quatern", "srow", "magic"),
        ],
        "formats": ["8i2", "i2", "i2", "8f4", "f4", "f4", "f4", "i2", "i2", "6f4", "(3,4)f4", "S4"],
        "offsets": [40, 70, 72, 76, 108, 112, 116, 252, 254, 256, 280, 344],
        "itemsize": HEADER_BYTES,
    }
)


@dataclass(frozen=True, eq=False)
class NiftiHeader:
    """The part of a NIfTI-1 header that concerns geometry and storage.

    Parameters
    ----------
    stored : StoredVoxels
        Where the voxels lie.
    spacing : ndarray of shape (3,), xyz
        ``pixdim[1:4]``.
    rescale : ndarray of shape (2,)
        Slope and intercept; NaN and 0 slope mean none.
    qform_code, sform_code : int
        0 where that form is not set.
    quaternion : ndarray of shape (6,)
        Quaternion b, c, d and offset of the qform.
    sform : ndarray of shape (3, 4)
        Index (xyz) to RAS.
    """

    stored: StoredVoxels
    spacing: np.ndarray
    rescale: np.ndarray
    qform_code: int
    sform_code: int
    quaternion: np.ndarray
    sform: np.ndarray


def read_nifti_header(path: Path) -> NiftiHeader:
    """Read the header of a single-file NIfTI-1 image, compressed or not.

    Raises
    ------
    InputError
        It is not such a file, or not even the header is whole.
    """
    compressed = is_gzip(path)
    try:
        with gzip.open(path) if compressed else path.open("rb") as file:
            raw = file.read(HEADER_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError("is truncated or damaged", path, "copy or export it again") from error
    if len(raw) < HEADER_BYTES:
        raise InputError("is not a NIfTI image: too short", path, "copy or export it again")
    swapped = int.from_bytes(raw[:4], "little") != HEADER_BYTES
    header = np.frombuffer(raw, dtype=_FIELDS.newbyteorder(">" if swapped else "<"))[0]
    if header["magic"] != b"n+1":
        raise InputError("is not a NIfTI-1 image in one file", path, "convert it to .nii.gz or .nrrd")
    axes = int(header["dim"][0])
    real_type = _REAL_TYPES.get(int(header["datatype"]))
    sizes = header["dim"][1 : 1 + axes].tolist()
    if not 1 <= axes <= 7 or min(sizes) < 1 or header["bitpix"] < 1 or not np.isfinite(header["vox_offset"]):
        raise InputError("has a damaged NIfTI header", path, "copy or export it again")
    stored = StoredVoxels(
        path,
        offset=max(int(header["vox_offset"]), MIN_VOXEL_OFFSET),
        nbytes=prod(sizes) * int(header["bitpix"]) // 8,
        compression="gzip" if compressed else None,
        real_type=real_type.newbyteorder() if real_type and swapped else real_type,
    )
    return NiftiHeader(
        stored,
        spacing=header["pixdim"][1:4].astype(float),
        rescale=np.array([header["scl_slope"], header["scl_inter"]], dtype=float),
        qform_code=int(header["qform_code"]),
        sform_code=int(header["sform_code"]),
        quaternion=header["quatern"].astype(float),
        sform=header["srow"].astype(float),
    )


def check_nifti_header(header: NiftiHeader) -> None:
    """Raise `InputError` for a header that contradicts itself, or whose geometry cannot be used.

    A header without any orientation is usable, as ITK and 3D Slicer take it, and logged as a warning.
    """
    where = header.stored.path
    if not np.isfinite(header.spacing).all() or (header.spacing <= 0).any():
        raise InputError(f"has a spacing of {header.spacing.round(4).tolist()} mm", where, "correct the header")
    if np.isinf(header.rescale).any():
        raise InputError("has an infinite intensity scale in its header", where, "correct the header")
    used = [*(header.sform.ravel() if header.sform_code else ()), *(header.quaternion if header.qform_code else ())]
    if not np.isfinite(used).all():
        raise InputError("has a position or direction that is not finite", where, "correct the header")
    if header.sform_code:
        _check_sform(header)
    if not header.sform_code and not header.qform_code:
        log.warning("the NIfTI header gives no orientation: taken as right to left, front to back and upwards")


def _check_sform(header: NiftiHeader) -> None:
    columns = header.sform[:, :3]
    lengths = np.linalg.norm(columns, axis=0)
    if not np.allclose(lengths, header.spacing, rtol=MAX_SPACING_MISMATCH):
        raise InputError(
            f"contradicts itself: its spacing is {header.spacing.round(4).tolist()} mm by pixdim and "
            f"{lengths.round(4).tolist()} mm by sform",
            header.stored.path,
            "correct the header",
        )
    cosines = columns / lengths
    skew = np.abs(cosines.T @ cosines - np.eye(3)).max()
    if skew > MAX_SKEW:
        raise InputError(
            f"has a direction that is not orthonormal (its sform is sheared, off by {skew:.2g})",
            header.stored.path,
            "resample it to a regular grid first",
        )
