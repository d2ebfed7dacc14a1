"""Separable linear resampling: one small matrix for each axis.

A matrix product along each axis is exact about geometry, averages when it shrinks (no aliasing of CT noise), runs on
the threads of the linear algebra library, and has an obvious counterpart on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .banded import BandedMatrix
from .boxes import Box, bounding_box

AIR = -1024.0  # HU; what lies below is no measurement but filling, and must not be averaged with tissue
SLAB = 8  # slices that are held as float32 at a time: few enough for the processor's cache

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]


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


def resample(array: np.ndarray, weights_zyx: Weights, lowest: float | None = None) -> np.ndarray:
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
    used, weights_zyx = _used(weights_zyx)
    array = array[used]

    def raised(slices: slice, slab: np.ndarray) -> bool:
        np.copyto(slab, array[slices], casting="same_kind")
        if lowest is not None and array[slices].min() < lowest:
            np.maximum(slab, np.float32(lowest), out=slab)
        return True

    return _resample(array.shape, weights_zyx, raised)


def resample_where(array: np.ndarray, limit: float, weights_zyx: Weights) -> np.ndarray:
    """Resample the mask of the voxels of ``array`` (zyx) below ``limit`` linearly, and cut at one half.

    The mask is never held whole.
    """
    used, weights_zyx = _used(weights_zyx)
    array = array[used]

    def below(slices: slice, slab: np.ndarray) -> bool:
        there = array[slices].min() < limit
        if there:
            np.copyto(slab, array[slices] < limit)
        return there

    return _resample(array.shape, weights_zyx, below) >= 0.5


def resample_mask(mask: np.ndarray, weights_zyx: Weights) -> np.ndarray:
    """Resample a bool ``mask`` (zyx) linearly and cut at one half.

    Unlike ``resample(mask, …) >= 0.5`` it never holds a float array of the result's size: it works slab by slab, and
    only inside the mask's bounding box.
    """
    result = np.zeros([len(weights) for weights in weights_zyx], dtype=bool)
    used, weights_zyx = _used(weights_zyx)
    mask = mask[used]
    around = bounding_box(mask)
    weights = [w[:, side] for w, side in zip(weights_zyx, around, strict=True)]
    inside = tuple(_extent(w.any(axis=1)) for w in weights)
    part = result[inside]
    if not part.size:
        return result
    weights_z, *in_plane = (w[rows] for w, rows in zip(weights, inside, strict=True))
    y, x = (BandedMatrix.of(w) for w in in_plane)
    marked = mask[around].astype(np.float32)
    for start in range(0, len(part), SLAB):
        z = BandedMatrix.of(weights_z[start : start + SLAB])
        part[start : start + SLAB] = y.along_y(x.along_x(z.along_z(marked))) >= 0.5
    return result


def resample_mask_twice(mask: np.ndarray, first_zyx: Weights, then_zyx: Weights) -> np.ndarray:
    """Resample a mask as `resample_mask` does, and the result of it again; what lies between is never held whole."""
    used, then_zyx = _used(then_zyx)
    first_zyx = tuple(weights[side] for weights, side in zip(first_zyx, used, strict=True))

    def between(slices: slice, slab: np.ndarray) -> bool:
        np.copyto(slab, resample_mask(mask, (first_zyx[0][slices], *first_zyx[1:])))
        return True

    return _resample(tuple(len(weights) for weights in first_zyx), then_zyx, between) >= 0.5


def _resample(
    shape: tuple[int, int, int], weights_zyx: Weights, fill: Callable[[slice, np.ndarray], bool]
) -> np.ndarray:
    """Apply the matrices to an array (zyx) of ``shape``, which is never held whole.

    Parameters
    ----------
    fill : callable
        Writes the named slices of the array, or says (False) that they are 0.
    """
    z, y, x = (BandedMatrix.of(weights) for weights in weights_zyx)
    slab = np.empty((SLAB, *shape[1:]), dtype=np.float32)
    narrow = np.empty((SLAB, shape[1], x.rows), dtype=np.float32)
    planes = np.empty((shape[0], y.rows, x.rows), dtype=np.float32)
    for start in range(0, shape[0], SLAB):
        slices = slice(start, min(start + SLAB, shape[0]))
        count = slices.stop - start
        if fill(slices, slab[:count]):
            x.along_x(slab[:count], out=narrow[:count])
            y.along_y(narrow[:count], out=planes[slices])
        else:
            planes[slices] = 0
    return z.along_z(planes)


def _used(weights_zyx: Weights) -> tuple[Box, Weights]:
    """Return the part of the input that has weights, and these: what else there is need not be looked at."""
    used = tuple(_extent(weights.any(axis=0)) for weights in weights_zyx)
    return used, tuple(weights[:, side] for weights, side in zip(weights_zyx, used, strict=True))


def _extent(filled: np.ndarray) -> slice:
    """Return where the True values of ``filled`` (n,) begin and end; an empty slice where there are none."""
    places = np.flatnonzero(filled)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)
