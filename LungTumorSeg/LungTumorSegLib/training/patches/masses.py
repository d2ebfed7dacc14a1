"""Synthetic masses: irregular soft-tissue lesions, solid, cavitated or ground glass.

Training on synthetic lesions beside real ones follows Hu et al., CVPR 2023 ("Label-free liver tumor segmentation");
the shapes and textures here are this project's own.
"""

from __future__ import annotations

import numpy as np

from ...recipe.schema import Synthesis
from .nodules import Lesion
from .patch import ShapeZYX
from .random_fields import smooth_noise, white_noise

HIGHEST_CUT = 0.95  # of the radius: how far from its centre a slice may cut a mass


def _depth(shape: ShapeZYX, radii: np.ndarray, roughness: float, rng: np.random.Generator) -> np.ndarray:
    """Signed depth below an irregular surface, in units of the radius: 1 at the centre, 0 on the surface.

    An axis of one voxel cuts the mass anywhere.
    """
    axes = [
        (np.arange(n) - (n - 1) / 2) / r if n > 1 else rng.uniform(-HIGHEST_CUT, HIGHEST_CUT, 1)
        for n, r in zip(shape, radii, strict=True)
    ]
    distance = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2).astype(np.float32)
    lobes = smooth_noise(shape, float(radii.mean()) * 0.9, rng) * 0.18
    bumps = smooth_noise(shape, max(2.0, float(radii.mean()) * 0.3), rng) * roughness
    return 1.0 - distance + lobes + bumps


def make_mass(
    settings: Synthesis,
    spacing_zyx: tuple[float, float, float],
    rng: np.random.Generator,
    at_most: ShapeZYX | None = None,
) -> Lesion:
    """Draw one mass; its array just holds it.

    Parameters
    ----------
    settings : Synthesis
        Range of radii (drawn evenly on a logarithmic scale) and shares of cavities and ground glass.
    spacing_zyx : tuple of float, mm
        Of the prepared grid.
    at_most : tuple of int, zyx, optional
        Shape of the patch that it is for. Of a patch one voxel thick it gives a slice, through any part of the mass.
    """
    low, high = settings.mass_radius_mm
    radius = np.exp(rng.uniform(np.log(low), np.log(high)))
    radii = radius * rng.uniform(0.7, 1.25, 3) / np.asarray(spacing_zyx)
    sides = np.ceil(2 * radii * 1.6) + 4
    shape = tuple(int(n) for n in (sides if at_most is None else np.where(np.array(at_most) == 1, 1, sides)))
    depth = _depth(shape, radii, rng.uniform(0.03, 0.16), rng)
    ground_glass = rng.random() < settings.ground_glass
    # A surface of one to two voxels' softness, whatever the size.
    alpha = np.clip(depth * float(radii.mean()) / rng.uniform(1.0, 2.0) + 0.5, 0.0, 1.0)
    mask = alpha >= 0.5
    tissue = rng.uniform(-30, 90) + rng.uniform(5, 25) * smooth_noise(shape, rng.uniform(2, 8), rng)
    tissue += rng.uniform(5, 30) * white_noise(shape, rng)
    if ground_glass:
        alpha = alpha * np.clip(rng.uniform(0.25, 0.6) + 0.12 * smooth_noise(shape, 5, rng), 0.1, 0.9)
    elif rng.random() < settings.cavity and radius > 8:
        wall = rng.uniform(0.25, 0.6) + 0.12 * smooth_noise(shape, float(radii.mean()) * 0.7, rng)
        hole = np.clip((depth - wall) * float(radii.mean()) + 0.5, 0.0, 1.0)
        inside = rng.uniform(-980, -700) if rng.random() < 0.75 else rng.uniform(-20, 15)  # air, or necrosis
        tissue = tissue * (1 - hole) + inside * hole
    return Lesion(tissue.astype(np.float32), alpha.astype(np.float32), mask)
