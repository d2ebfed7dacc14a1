"""Real nodules, cut out of their CTs, to be put into other lungs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..volume.reading import read_mask, read_volume
from ..volume.resampling import axis_weights, resample

SOFT_EDGE_MM = 1.2


@dataclass(frozen=True, eq=False)
class Nodule:
    """A crop around one nodule, at its native spacing.

    Attributes
    ----------
    hu : ndarray of int16, zyx
    mask : ndarray of bool, zyx
    spacing : tuple of float, zyx, mm
    """

    hu: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Lesion:
    """What is laid over a CT: HU, how much of it (0..1), and which voxels are tumour; zyx on the prepared grid."""

    hu: np.ndarray
    alpha: np.ndarray
    mask: np.ndarray


def load_nodules(folder: str | Path) -> list[Nodule]:
    """Read ``image/`` and ``mask/`` crops listed in ``index.csv`` (column ``file``)."""
    folder = Path(folder)
    try:
        with (folder / "index.csv").open(newline="", encoding="utf-8") as stream:
            names = [row["file"] for row in csv.DictReader(stream)]
    except (OSError, KeyError) as error:
        raise InputError("expected index.csv with a column 'file', and image/ and mask/ beside it", folder) from error
    nodules = []
    for name in names:
        image, mask = (
            read(folder / kind / f"{name}.nii.gz") for read, kind in ((read_volume, "image"), (read_mask, "mask"))
        )
        nodules.append(Nodule(image.array.astype(np.int16), mask.array > 0, image.grid.spacing[::-1]))
    return nodules


def place_nodule(
    nodule: Nodule, zoom: float, spacing_zyx: tuple[float, float, float], rng: np.random.Generator
) -> Lesion:
    """Turn a nodule at random and bring it to the prepared spacing, enlarged ``zoom`` times.

    The edge is soft: the transparency is the mask, widened by a voxel and smoothed.
    """
    from scipy.ndimage import gaussian_filter

    hu, mask, spacing = _turned(nodule, rng)
    weights = []
    for size, native, wanted in zip(hu.shape, spacing, spacing_zyx, strict=True):
        step = wanted / (native * zoom)
        count = max(3, round(size / step))
        weights.append(axis_weights((np.arange(count) + 0.5) * size / count - 0.5, size, step))
    soft = resample(mask, tuple(weights))
    sigma = [SOFT_EDGE_MM / s for s in spacing_zyx]
    alpha = np.clip(2.0 * gaussian_filter(np.pad(soft, 2), sigma), 0.0, 1.0)
    return Lesion(np.pad(resample(hu, tuple(weights)), 2, mode="edge"), alpha, np.pad(soft, 2) >= 0.5)


def _turned(nodule: Nodule, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Flip along every axis and exchange the in-plane axes, each with probability one half."""
    hu, mask, spacing = nodule.hu, nodule.mask, list(nodule.spacing)
    if rng.random() < 0.5:
        hu, mask = hu.transpose(0, 2, 1), mask.transpose(0, 2, 1)
        spacing[1], spacing[2] = spacing[2], spacing[1]
    flips = tuple(slice(None, None, -1 if rng.random() < 0.5 else 1) for _ in range(3))
    return hu[flips], mask[flips], tuple(spacing)
