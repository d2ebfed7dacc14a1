"""Lesions carved out of one case and pasted into another: CarveMix (Zhang et al., MICCAI 2021).

A region about the lesion, wider or narrower than the lesion itself, replaces what lies at the same place of another
case, in image and label alike. The class of the lesion comes along with it: see `class_of_mixture`.
Voxels stay voxels: between cases that keep spacings of their own a lesion changes its size with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.cases import IGNORED, TrainingCase
from .cutting import OUTSIDE_HU, Cut, overlap, window
from .patch import Patch


@dataclass(frozen=True, eq=False)
class Carving:
    """What replaces a part of another case; arrays zyx on the prepared grid.

    Attributes
    ----------
    hu : ndarray of float32
    label : ndarray of uint8
    alpha : ndarray of float32
        0 outside the region, 1 inside, and a voxel's softness between.
    """

    hu: np.ndarray
    label: np.ndarray
    alpha: np.ndarray

    def paste(self, into: Cut, centre: np.ndarray) -> np.ndarray:
        """Replace the region about voxel ``centre`` (zyx) of the other case, in place; return where (bool, zyx)."""
        shape = self.alpha.shape
        start = np.asarray(centre, int) - into.corner - np.array(shape) // 2
        there, here = overlap(start, shape, into.patch.hu.shape)
        hu, label, alpha = into.patch.hu[there], into.patch.label[there], self.alpha[here]
        hu += alpha * (self.hu[here] - hu)
        label[...] = np.where(alpha >= 0.5, self.label[here], label)
        replaced = np.zeros(into.patch.hu.shape, dtype=bool)
        replaced[there] = alpha >= 0.5
        return replaced


def carve(
    case: TrainingCase, lesion: np.ndarray, spacing_zyx: tuple[float, float, float], rng: np.random.Generator
) -> Carving:
    """Carve out a region about a lesion.

    With ``D`` the signed distance from the lesion's surface, negative inside, and ``d`` its depth at the deepest, the
    region is ``D <= margin``; the margin is drawn evenly from ``-d/2 … 0`` or from ``0 … d``, each half of the time.

    Parameters
    ----------
    lesion : ndarray of shape (n, 3), zyx
        The lesion's voxels.
    spacing_zyx : tuple of float, mm
    """
    from scipy.ndimage import distance_transform_edt

    inside, corner = _mask(lesion)
    deepest = float(distance_transform_edt(np.pad(inside, 1), sampling=spacing_zyx).max())
    margin = rng.uniform(0, deepest) if rng.random() < 0.5 else -rng.uniform(0, deepest / 2)
    beyond = np.ceil(deepest / np.array(spacing_zyx)).astype(int) + 1
    inside, corner = np.pad(inside, [(int(n), int(n)) for n in beyond]), corner - beyond
    distance = distance_transform_edt(~inside, sampling=spacing_zyx)
    distance -= distance_transform_edt(inside, sampling=spacing_zyx)
    # Measured between centres; the surface runs half a voxel from either side's.
    step = float(np.mean(spacing_zyx))
    distance -= np.sign(distance) * step / 2
    alpha = np.clip((margin - distance) / step + 0.5, 0, 1).astype(np.float32)
    hu = window(case.hu, corner, alpha.shape, OUTSIDE_HU, np.float32)
    return Carving(hu, window(case.label, corner, alpha.shape, 0, np.uint8), alpha)


def class_of_mixture(
    mixed: Patch, replaced: np.ndarray, source: TrainingCase, lesions: Sequence[int] | None
) -> int | None:
    """Return what a patch teaches of classes after a lesion of ``source`` was pasted into it.

    That is the class of the pasted lesion, of which all that tells it was carved out. Where a lesion of another class
    is left in the patch, it is none: the head sees one patch and is to tell one class.

    Parameters
    ----------
    mixed : Patch
        With the class of the case that was pasted into.
    replaced : ndarray of bool, zyx
        What was pasted.
    lesions : sequence of int, or None
        Labels that are lesions; all, where it is None.
    """
    if mixed.subtype == source.subtype:
        return source.subtype
    marked = (mixed.label > 0) & (mixed.label != IGNORED) if lesions is None else np.isin(mixed.label, lesions)
    return None if (marked & ~replaced).any() else source.subtype


def same_place(lesion: np.ndarray, source: TrainingCase, target: TrainingCase) -> np.ndarray:
    """Voxel (zyx) of ``target`` that lies where the lesion's middle lies in ``source``, relative to their sizes."""
    middle = (lesion.min(axis=0).astype(float) + lesion.max(axis=0)) / 2
    return np.rint((middle + 0.5) / source.hu.shape * target.hu.shape - 0.5).astype(int)


def _mask(lesion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lesion in its bounding box, and the voxel at which that begins."""
    corner = lesion.min(axis=0).astype(int)
    mask = np.zeros(lesion.max(axis=0).astype(int) - corner + 1, dtype=bool)
    mask[tuple((lesion - corner).T)] = True
    return mask, corner
