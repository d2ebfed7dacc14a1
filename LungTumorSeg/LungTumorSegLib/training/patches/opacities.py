"""Opacities that are no tumour: pneumonia, fluid and collapsed lung, laid into healthy lung as background.

Few training scans show them, and a network that has seen none takes each for a tumour. The shapes and textures are
this project's own. Arrays are zyx on the prepared grid, whose axes run to the left, to posterior and to superior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...volume.resampling import axis_weights, resample
from .random_fields import smooth_noise, white_noise

LEAST_LUNG = 0.02  # share of a patch below which there is nothing to lay an opacity into


@dataclass(frozen=True, eq=False)
class Opacity:
    """What replaces lung: how much of it (0..1), and the HU that take its place; zyx, float32."""

    alpha: np.ndarray
    tissue: np.ndarray | float


def lay_opacity(
    hu: np.ndarray, lung: np.ndarray, spacing_zyx: tuple[float, float, float], rng: np.random.Generator
) -> None:
    """Lay one opacity of a random kind into a patch, in place.

    Parameters
    ----------
    hu : ndarray of float32, zyx
        Changed, and only where ``lung`` is true.
    lung : ndarray of bool, zyx
        Lung, its vessels included, without annotated lesions.
    spacing_zyx : tuple of float, mm
    """
    if lung.mean() < LEAST_LUNG:
        return
    make = rng.choice(list(KINDS), p=list(KINDS.values()))
    opacity = make(lung, float(np.mean(spacing_zyx)), rng)
    change = np.float32(opacity.tissue) - hu
    change *= opacity.alpha
    change *= lung
    hu += change


def ground_glass(lung: np.ndarray, spacing: float, rng: np.random.Generator) -> Opacity:
    """Haze that thins out, so that vessels stay visible in it."""
    shape = lung.shape
    haze = np.clip(smooth_noise(shape, rng.uniform(10, 25), rng) - rng.uniform(0.3, 1.2), 0, 1)
    grain = np.clip(1 + 0.4 * smooth_noise(shape, 3, rng), 0, 2)
    return Opacity(haze * rng.uniform(0.2, 0.6) * grain, 20.0)


def consolidation(lung: np.ndarray, spacing: float, rng: np.random.Generator) -> Opacity:
    """Patchy soft tissue with ill-defined borders, often at the pleura or behind, with air bronchograms."""
    shape = lung.shape
    field = smooth_noise(shape, rng.uniform(8, 25), rng) + 0.5 * smooth_noise(shape, rng.uniform(3, 6), rng)
    if rng.random() < 0.6:
        field -= rng.uniform(0.05, 0.2) * np.minimum(_depth_voxels(lung), 20)
    if rng.random() < 0.5:
        field += np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :, None]
    inside = field - np.quantile(field[lung][::8], 1 - rng.uniform(0.05, 0.5))
    core = np.clip(inside / rng.uniform(0.2, 1.2) + 0.5, 0, 1) * rng.uniform(0.75, 1.0)
    halo = np.clip(inside / rng.uniform(0.6, 1.5) + 1, 0, 1) * rng.uniform(0, 0.5)
    alpha = np.maximum(core, halo)
    bronchi = np.abs(smooth_noise(shape, rng.uniform(5, 10), rng)) < rng.uniform(0.02, 0.08)
    bronchi &= np.abs(smooth_noise(shape, rng.uniform(5, 10), rng)) < rng.uniform(0.1, 0.5)
    alpha[bronchi] *= rng.uniform(0.2, 0.8)
    return Opacity(alpha, _soft_tissue(shape, rng.uniform(0, 90), rng))


def effusion(lung: np.ndarray, spacing: float, rng: np.random.Generator) -> Opacity:
    """Fluid in the dependent part of the pleural space, as a level or a rim, often with collapsed lung on it."""
    shape = lung.shape
    tilt = np.deg2rad(rng.uniform(0, 80))  # from the back of a supine patient towards the diaphragm
    z, y, x = (np.arange(n, dtype=np.float32) - n / 2 for n in shape)
    below = np.cos(tilt) * y[None, :, None] - np.sin(tilt) * z[:, None, None]
    below = below + rng.uniform(-0.3, 0.3) * x + rng.uniform(1, 4) * smooth_noise(shape, rng.uniform(10, 30), rng)
    if rng.random() < 0.5:  # the meniscus rises along the walls; a small effusion is only a rim
        below = below - rng.uniform(1, 4) * _depth_voxels(lung)
    below = below - np.quantile(below[lung][::8], 1 - rng.uniform(0.05, 0.6))
    alpha = np.clip(below / rng.uniform(0.8, 2) + 0.5, 0, 1)
    tissue = np.full(shape, rng.uniform(-10, 30), np.float32)
    if rng.random() < 0.5:
        width = rng.uniform(3, 20) / spacing
        tissue[below < 0] = rng.uniform(30, 110)
        collapsed = np.clip((below + width) / 1.5, 0, 1) * (smooth_noise(shape, 8, rng) > -0.8)
        alpha = np.maximum(alpha, collapsed)
    return Opacity(alpha, tissue + _noise(shape, rng))


def atelectasis(lung: np.ndarray, spacing: float, rng: np.random.Generator) -> Opacity:
    """One to three plates or wedges of collapsed lung."""
    shape = lung.shape
    alpha = np.zeros(shape, np.float32)
    z, y, x = (np.arange(n, dtype=np.float32) - rng.uniform(0.2, 0.8) * n for n in shape)
    for _ in range(int(rng.integers(1, 4))):
        normal = rng.standard_normal(3)
        a, b, c = normal / np.linalg.norm(normal)
        offset = a * z[:, None, None] + b * y[None, :, None] + c * x
        offset = offset + rng.uniform(0, 3) * smooth_noise(shape, 20, rng) + rng.uniform(-15, 15)
        half = rng.uniform(0.5, 3.0) / spacing
        if rng.random() < 0.3:  # a wedge widens from one end
            half = half + np.clip(x * rng.uniform(-0.2, 0.2), 0, 12)
        extent = np.clip(smooth_noise(shape, 25, rng) * 3 + 1.5, 0, 1)
        alpha = np.maximum(alpha, np.clip(half - np.abs(offset) + 0.5, 0, 1) * extent)
    return Opacity(alpha, _soft_tissue(shape, rng.uniform(20, 100), rng))


# How often each is drawn.
KINDS = {ground_glass: 0.25, consolidation: 0.35, effusion: 0.25, atelectasis: 0.15}


def _soft_tissue(shape: tuple[int, ...], mean_hu: float, rng: np.random.Generator) -> np.ndarray:
    texture = rng.uniform(5, 20) * smooth_noise(shape, rng.uniform(2, 8), rng)
    return mean_hu + texture + _noise(shape, rng)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return np.float32(rng.uniform(5, 25)) * white_noise(shape, rng)


def _depth_voxels(lung: np.ndarray) -> np.ndarray:
    """Distance from the pleura in voxels, measured on every third one: fine enough, and far less work."""
    from scipy.ndimage import distance_transform_edt

    coarse = distance_transform_edt(lung[::3, ::3, ::3]).astype(np.float32) * 3
    places = zip(lung.shape, coarse.shape, strict=True)
    return resample(coarse, tuple(axis_weights(np.arange(n) / 3, m) for n, m in places))
