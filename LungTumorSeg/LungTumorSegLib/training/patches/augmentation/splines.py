"""Smooth random displacements: free-form deformation by cubic B-splines (Rueckert 1999)."""

from __future__ import annotations

import numpy as np

from ....volume.resampling import resample
from ..patch import ShapeZYX

# Control points that move less than this share of their distance fold nothing over (Choi & Lee 2000, in 3D).
INJECTIVE = 1 / 2.48


def random_displacement(
    shape: ShapeZYX,
    spacing_zyx: tuple[float, float, float],
    deviation_mm: float,
    distance_mm: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw a displacement for every voxel.

    Parameters
    ----------
    deviation_mm : float
        Standard deviation of a control point's displacement along each axis; cut off where space would fold over.
    distance_mm : float
        Distance of control points.

    Returns
    -------
    ndarray of shape (3, z, y, x), float32
        Components zyx, in voxels.
    """
    spacing = np.asarray(spacing_zyx, dtype=float)
    weights = tuple(spline_weights(n, distance_mm / step) for n, step in zip(shape, spacing, strict=True))
    moves = rng.standard_normal((3, *(w.shape[1] for w in weights)), dtype=np.float32) * np.float32(deviation_mm)
    np.clip(moves, -INJECTIVE * distance_mm, INJECTIVE * distance_mm, out=moves)
    return np.stack([resample(move / np.float32(step), weights) for move, step in zip(moves, spacing, strict=True)])


def spline_weights(size: int, distance: float) -> np.ndarray:
    """Weights of uniform cubic B-splines at ``size`` voxels, control points ``distance`` voxels apart.

    Returns
    -------
    ndarray of shape (size, control points), float32
        Rows sum to 1.
    """
    count = int((size - 1) / distance) + 4
    u = np.abs(np.arange(size)[:, None] / distance - (np.arange(count) - 1))
    inner, outer = 2 / 3 - u**2 + u**3 / 2, np.maximum(2 - u, 0) ** 3 / 6
    return np.where(u < 1, inner, outer).astype(np.float32)
