"""Cut a patch out of a case, and lay lesions into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.cases import IGNORED, TrainingCase
from .nodules import Lesion
from .patch import Patch, ShapeZYX

OUTSIDE_HU = -1000.0
EDGE = "edge"


@dataclass(frozen=True, eq=False)
class Cut:
    """A part of a case.

    Attributes
    ----------
    patch : Patch
    solid : ndarray of bool, zyx
        What no pasted lesion replaces; true outside the case.
    corner : ndarray of shape (3,), zyx
        Voxel of the case at which the patch begins.
    hidden : ndarray of bool, zyx, or None
        What the network does not see (outside the lung region).
    """

    patch: Patch
    solid: np.ndarray
    corner: np.ndarray
    hidden: np.ndarray | None = None

    def seen(self) -> Patch:
        """Return the patch with air and background for what is hidden."""
        if self.hidden is not None:
            self.patch.hu[self.hidden] = OUTSIDE_HU
            self.patch.label[self.hidden & (self.patch.label != IGNORED)] = 0
        return self.patch

    def lay(self, lesion: Lesion, centre: np.ndarray, invades: bool = False) -> None:
        """Blend ``lesion`` into the patch around voxel ``centre`` (zyx) of the case, in place.

        Parameters
        ----------
        invades : bool
            Whether it replaces solid tissue as well as lung.
        """
        there, here = overlap(
            np.asarray(centre, int) - self.corner - np.array(lesion.mask.shape) // 2,
            lesion.mask.shape,
            self.patch.hu.shape,
        )
        alpha, mask = lesion.alpha[here], lesion.mask[here]
        if not invades:
            alpha, mask = alpha * ~self.solid[there], mask & ~self.solid[there]
        hu, label = self.patch.hu[there], self.patch.label[there]
        hu += alpha * (lesion.hu[here] - hu)
        label[mask & (label != IGNORED)] = 1


def cut(case: TrainingCase, corner: np.ndarray, shape: ShapeZYX, padding: str = "air", outside: str = "keep") -> Cut:
    """Cut the window of ``shape`` that begins at voxel ``corner`` (zyx) and may reach beyond the case.

    ``padding`` and ``outside`` are those of the recipe's ``preparation``.
    """
    hu, background = (EDGE, EDGE) if padding == "edge" else (OUTSIDE_HU, 0)
    patch = Patch(
        window(case.hu, corner, shape, hu, np.float32),
        window(case.label, corner, shape, background, np.uint8),
        case.subtype,
    )
    hidden = ~window(case.region, corner, shape, background, bool) if outside == "air" else None
    return Cut(patch, window(case.solid, corner, shape, True, bool), np.asarray(corner), hidden)


def window(array, corner: np.ndarray, shape: ShapeZYX, fill, dtype) -> np.ndarray:
    """Copy a window of an array.

    Parameters
    ----------
    array : ndarray or CachedArray, zyx
    corner : ndarray of shape (3,), zyx
        First voxel; may lie outside.
    shape : tuple of int, zyx
    fill
        Value where the window reaches beyond the array, or `EDGE` for that of the nearest voxel in it. Such a window
        must hold some of the array.
    dtype
        Of the copy.
    """
    in_array, in_window = overlap(corner, shape, array.shape)
    inside = array[in_array]
    if inside.shape == tuple(shape):
        return np.array(inside, dtype=dtype)
    if fill is EDGE:
        beyond = [(part.start, whole - part.stop) for part, whole in zip(in_window, shape, strict=True)]
        return np.pad(np.asarray(inside, dtype=dtype), beyond, mode="edge")
    whole = np.full(shape, fill, dtype=dtype)
    whole[in_window] = inside
    return whole


def overlap(corner: np.ndarray, shape: ShapeZYX, whole: ShapeZYX) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Which part of an array of shape ``whole`` a box at ``corner`` covers, and which part of the box that is."""
    low = np.clip(corner, 0, whole)
    high = np.clip(np.add(corner, shape), low, whole)
    in_whole, in_box = (
        tuple(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True)) for start in (0, corner)
    )
    return in_whole, in_box
