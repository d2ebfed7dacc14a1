"""Separable linear resampling: one small matrix for each axis.

A matrix product along each axis is exact about geometry, averages when it shrinks (no aliasing of CT noise), runs on
the threads of the linear algebra library, and has an obvious counterpart on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AIR = -1024.0  # HU; what lies below is no measurement but filling, and must not be averaged with tissue
SLAB = 16  # slices that are converted to float32 at a time, to keep the peak memory low


def axis_weights(centres: np.ndarray, size: int, width: float = 1.0) -> np.ndarray:
    """Weights of linear interpolation along one axis.

    Parameters
    ----------
    centres : ndarray of shape (n,)
        Where the output samples lie, in input voxels (0 is the centre of the first).
    size : int
        Number of input voxels.
    width : float
        Half width of the triangle filter in input voxels: 1 interpolates; more averages, as shrinking by that
        factor needs (Turkowski 1990, "Filters for common resampling tasks").

    Returns
    -------
    ndarray of shape (n, size), float32
        Rows sum to 1; samples beyond the ends repeat the end voxel.
    """
    clamped = np.clip(np.asarray(centres, dtype=float), 0, size - 1)
    index = np.arange(size)
    width = max(width, 1.0)
    weights = np.maximum(0.0, 1.0 - np.abs(clamped[:, None] - index) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    # A sampled triangle's mean lies up to 0.09 voxels beside its centre. Away from the ends it is tilted back, so that
    # what is linear in space stays exactly so.
    mean = weights @ index
    beside = index - mean[:, None]
    variance = (weights * beside**2).sum(axis=1)
    inner = (clamped - width >= -1e-6) & (clamped + width <= size - 1 + 1e-6) & (variance > 1e-9)
    tilt = np.where(inner, (clamped - mean) / np.where(inner, variance, 1.0), 0.0)
    return (weights * (1.0 + tilt[:, None] * beside)).astype(np.float32)


def resample(
    array: np.ndarray, weights_zyx: tuple[np.ndarray, np.ndarray, np.ndarray], lowest: float | None = None
) -> np.ndarray:
    """Apply one matrix of `axis_weights` along each axis of ``array`` (zyx).

    Parameters
    ----------
    lowest : float, optional
        Lower values are raised to this one first; `AIR` for a CT.

    Returns
    -------
    ndarray, zyx, float32
        ``shape[k] == weights_zyx[k].shape[0]``.
    """

    def raised(slab: np.ndarray) -> np.ndarray:
        slab = np.ascontiguousarray(slab, dtype=np.float32)
        return slab if lowest is None else np.maximum(slab, np.float32(lowest))

    return _resample(array, weights_zyx, raised)


def resample_where(
    array: np.ndarray, limit: float, weights_zyx: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """Resample the mask of the voxels of ``array`` (zyx) below ``limit`` linearly, and cut at one half.

    The mask is never held whole.
    """

    def below(slab: np.ndarray) -> np.ndarray | None:
        there = slab < limit
        return np.ascontiguousarray(there, dtype=np.float32) if there.any() else None

    return _resample(array, weights_zyx, below) >= 0.5


def _resample(
    array: np.ndarray,
    weights_zyx: tuple[np.ndarray, np.ndarray, np.ndarray],
    prepared: Callable[[np.ndarray], np.ndarray | None],
) -> np.ndarray:
    """Apply the matrices to slabs of ``array`` as ``prepared`` gives them: float32, contiguous, or None for zeros."""
    along_z, along_y, along_x = weights_zyx
    plane = np.empty((array.shape[0], along_y.shape[0], along_x.shape[0]), dtype=np.float32)
    for start in range(0, array.shape[0], SLAB):
        slab = prepared(array[start : start + SLAB])
        plane[start : start + SLAB] = 0 if slab is None else along_y @ (slab @ along_x.T)
    return (along_z @ plane.reshape(plane.shape[0], -1)).reshape(along_z.shape[0], *plane.shape[1:])


def resample_mask(mask: np.ndarray, weights_zyx: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Resample a bool ``mask`` (zyx) linearly and cut at one half.

    Unlike ``resample(mask, …) >= 0.5`` it never holds a float array of the result's size: it works slab by slab, and
    only inside the mask's bounding box.
    """
    along_z, along_y, along_x = weights_zyx
    result = np.zeros((along_z.shape[0], along_y.shape[0], along_x.shape[0]), dtype=bool)
    if not mask.any():
        return result
    rows, columns = mask.any(axis=(0, 2)), mask.any(axis=(0, 1))
    along_y, along_x = along_y[:, rows], along_x[:, columns]
    y, x = (np.flatnonzero(w.any(axis=1)) for w in (along_y, along_x))
    inside = slice(y[0], y[-1] + 1), slice(x[0], x[-1] + 1)
    along_y, along_x = along_y[inside[0]], along_x[inside[1]]
    part = np.ascontiguousarray(mask[:, rows][:, :, columns], dtype=np.float32)
    for start in range(0, len(result), SLAB):
        slab = np.tensordot(along_z[start : start + SLAB], part, axes=1)
        result[(slice(start, start + SLAB), *inside)] = along_y @ (slab @ along_x.T) >= 0.5
    return result
