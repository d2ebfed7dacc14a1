"""Random fields: white noise, and noise that varies smoothly."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ...volume.resampling import axis_weights, resample

STORE_LENGTH = 2**23  # numbers, 32 MB


def white_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance, every voxel for itself; ``shape`` is zyx, float32.

    Cut at random from a store of numbers drawn once, and turned round as often as not: no two patches show the same
    noise in the same place, and drawing anew would be a tenth of the work of making a patch.
    """
    count = math.prod(shape)
    if 2 * count > STORE_LENGTH:
        return rng.standard_normal(shape, dtype=np.float32)
    start = int(rng.integers(STORE_LENGTH - count))
    return _store()[start : start + count].reshape(shape) * np.float32(rng.choice((-1, 1)))


@cache
def _store() -> np.ndarray:
    """Draw the numbers from which `white_noise` cuts, the same in every process."""
    return np.random.default_rng(0).standard_normal(STORE_LENGTH, dtype=np.float32)


def smooth_noise(shape: tuple[int, ...], scale_voxels: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance that varies over ``scale_voxels``; ``shape`` is zyx, float32.

    The variance is that of all such fields together: interpolation makes it less than one between control points,
    which is known beforehand and made good.
    """
    small = [max(2, int(np.ceil(n / scale_voxels)) + 1) for n in shape]
    noise = rng.standard_normal(small, dtype=np.float32)
    weights = tuple(axis_weights(np.linspace(0, m - 1, n), m) for n, m in zip(shape, small, strict=True))
    noise /= np.sqrt(np.prod([(along**2).sum(axis=1).mean() for along in weights]))
    return resample(noise, weights)
