"""Gaussian noise, white or with the grain of a CT."""

from __future__ import annotations

import numpy as np

from ..patch import ShapeZYX
from ..random_fields import white_noise
from .resolution import along_axes, gaussian_matrix

WHITE = 0.1  # voxels; a narrower correlation than this reaches no neighbour


def random_noise(shape: ShapeZYX, deviation: float, correlation_voxels: float, rng: np.random.Generator) -> np.ndarray:
    """Draw Gaussian noise.

    The reconstruction kernel of a CT correlates the noise of neighbouring voxels; white noise is filtered by a
    Gaussian and brought back to its deviation.

    Parameters
    ----------
    shape : tuple of int, zyx
    deviation : float
        Standard deviation, HU.
    correlation_voxels : float
        Sigma of the Gaussian; 0 leaves the noise white.

    Returns
    -------
    ndarray of ``shape``, zyx, float32
    """
    noise = white_noise(shape, rng)
    if correlation_voxels > WHITE:
        matrices = []
        for size in shape:
            weights = gaussian_matrix(size, correlation_voxels)
            matrices.append(weights / np.linalg.norm(weights, axis=1, keepdims=True))
        noise = along_axes(noise, matrices)
    noise *= np.float32(deviation)
    return noise
