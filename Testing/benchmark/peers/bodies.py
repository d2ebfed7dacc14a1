"""A CT of any length, written slice by slice: the chest of a phantom, with what lies below and above it drawn out."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import atomic_path

COLUMNS, IN_PLANE_MM = 512, 0.7
CHEST_SLICES, CHEST_MM = 120, 2.5  # of the phantom that the slices are cut from
NOISE_HU = 12.0
AIR, BONE = -1024, 3071


def write_body(path: Path, slices: int, slice_mm: float = 1.0, seed: int = 7) -> None:
    """Write a CT of 512x512 voxels in ``slices`` slices as ``.nii.gz``; one slice is held at a time.

    The chest takes 300 mm in the middle; where the CT is longer, the chest's first and last slices go on below and
    above it (with noise of their own), where it is shorter, only the chest's middle is in it.
    """
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((COLUMNS, COLUMNS, slices))
    header.set_xyzt_units("mm")
    header["vox_offset"] = 352
    affine = np.diag([-IN_PLANE_MM, -IN_PLANE_MM, slice_mm, 1.0])  # voxels left, posterior, superior
    header.set_sform(affine, code=1)
    header.set_qform(affine, code=1)
    with atomic_path(path) as temporary, gzip.open(temporary, "wb", compresslevel=1) as file:
        file.write(header.binaryblock + bytes(4))
        for one in body_slices(slices, slice_mm, seed):
            file.write(one.tobytes())


def body_slices(slices: int, slice_mm: float, seed: int) -> Iterator[np.ndarray]:
    """Yield the slices from below, (512, 512) int16 HU."""
    half = COLUMNS // 2
    in_plane = (IN_PLANE_MM * 2, IN_PLANE_MM * 2, CHEST_MM)
    chest = make_phantom(seed, size=(half, half, CHEST_SLICES), spacing=in_plane).ct.array
    random = np.random.default_rng(seed)
    for number in range(slices):
        height = (number - (slices - 1) / 2) * slice_mm / CHEST_MM + (CHEST_SLICES - 1) / 2
        low = int(np.clip(np.floor(height), 0, CHEST_SLICES - 1))
        share = float(np.clip(height - low, 0, 1))
        between = (1 - share) * chest[low] + share * chest[min(low + 1, CHEST_SLICES - 1)]
        fine = _doubled(_doubled(between).T).T
        fine += random.standard_normal(fine.shape, np.float32) * np.float32(NOISE_HU)
        yield np.clip(np.rint(fine), AIR, BONE).astype("<i2")


def _doubled(image: np.ndarray) -> np.ndarray:
    """Interpolate to twice as many rows (the outer borders stay)."""
    before, after = np.vstack([image[:1], image[:-1]]), np.vstack([image[1:], image[-1:]])
    doubled = np.empty((2 * len(image), image.shape[1]), np.float32)
    doubled[0::2] = 0.75 * image + 0.25 * before
    doubled[1::2] = 0.75 * image + 0.25 * after
    return doubled
