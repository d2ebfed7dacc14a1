"""Real nodules, cut out of their CTs, to be put into other lungs."""

from __future__ import annotations

import csv
import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...volume.reading import read_mask, read_volume
from ...volume.resampling import axis_weights, resample
from ..data.patients import among

log = logging.getLogger(__name__)

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


def load_nodules(folder: str | Path, leave_out_patients: Collection[str] = ()) -> list[Nodule]:
    """Read the ``image/`` and ``mask/`` crops that ``index.csv`` lists (columns ``file`` and ``patient_id``).

    Parameters
    ----------
    folder : str or Path
    leave_out_patients : collection of str
        Names of patients, or of cases named after them, whose nodules must not be seen in training.

    Raises
    ------
    InputError
        No such table, a crop that cannot be read, or patients to leave out and a table that names none.
    """
    folder = Path(folder)
    try:
        with (folder / "index.csv").open(newline="", encoding="utf-8-sig") as stream:
            rows = [(row["file"], row.get("patient_id")) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError("expected index.csv with a column 'file', and image/ and mask/ beside it", folder) from error
    if leave_out_patients and any(not patient for _, patient in rows):
        what = "it does not say whose each nodule is, so those of held-out patients cannot be left out of training"
        do = "add a column 'patient_id', or hold out none (--set training.validation_share=0)"
        raise InputError(what, folder / "index.csv", do)
    nodules = []
    for name, patient in rows:
        if leave_out_patients and among(patient, leave_out_patients):
            continue
        image, mask = (
            read(folder / kind / f"{name}.nii.gz") for read, kind in ((read_volume, "image"), (read_mask, "mask"))
        )
        nodules.append(Nodule(image.array.astype(np.int16), mask.array > 0, image.grid.spacing[::-1]))
    if len(nodules) < len(rows):
        log.info("%d of %d nodules are of held-out patients and not used", len(rows) - len(nodules), len(rows))
    return nodules


def place_nodule(
    nodule: Nodule, zoom: float, spacing_zyx: tuple[float, float, float], rng: np.random.Generator
) -> Lesion:
    """Turn a nodule at random and bring it to the prepared spacing.

    The edge is soft: the transparency is the mask, widened by a voxel and smoothed.

    Parameters
    ----------
    nodule : Nodule
    zoom : float
        How many times it is enlarged.
    spacing_zyx : tuple of float, mm
        Of the prepared grid.
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
