"""Random fields: white noise, and noise that varies smoothly."""

from __future__ import annotations

import numpy as np

from ..volume.resampling import axis_weights, resample


def white_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance, every voxel for itself; ``shape`` is zyx, float32.

    torch draws it twice as fast as NumPy does; ``rng`` gives the seed.
    """
    import torch

    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    return torch.randn(tuple(shape), generator=generator).numpy()


def smooth_noise(shape: tuple[int, ...], scale_voxels: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance that varies over ``scale_voxels``; ``shape`` is zyx, float32."""
    small = [max(2, int(np.ceil(n / scale_voxels)) + 1) for n in shape]
    noise = rng.standard_normal(small, dtype=np.float32)
    weights = tuple(axis_weights(np.linspace(0, m - 1, n), m) for n, m in zip(shape, small, strict=True))
    field = resample(noise, weights)
    field /= max(float(field.std()), 1e-6)
    return field
