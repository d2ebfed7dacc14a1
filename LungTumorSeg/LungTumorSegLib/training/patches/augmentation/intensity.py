"""Contrast, gamma, scale and shift, noise and cut-out: changes of the HU that leave the label alone."""

from __future__ import annotations

import numpy as np

from ....recipe.schema import Augmentation
from .noise import random_noise


def vary_intensities(hu: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Change ``hu`` (float32, zyx) as the recipe allows, in place."""
    if rng.random() < settings.contrast_probability and settings.contrast > 0:
        change_contrast(hu, 1 + rng.uniform(-1, 1) * settings.contrast)
    if rng.random() < settings.gamma_probability and settings.gamma > 0:
        change_gamma(hu, (1 + settings.gamma) ** rng.uniform(-1, 1))
    if rng.random() < settings.intensity_probability:
        if settings.scale > 0:
            hu *= np.float32(rng.uniform(1 - settings.scale, 1 + settings.scale))
        if settings.shift_hu > 0:
            hu += np.float32(rng.uniform(-settings.shift_hu, settings.shift_hu))
    if rng.random() < settings.noise_probability and settings.noise_hu > 0:
        correlation = rng.random() * settings.noise_correlation_voxels
        hu += random_noise(hu.shape, rng.random() * settings.noise_hu, correlation, rng)
    if rng.random() < settings.cutout_probability and settings.cutout_share > 0:
        cut_out(hu, rng.random(3) * settings.cutout_share, rng.random(3))
    return hu


def change_contrast(hu: np.ndarray, factor: float) -> None:
    """Scale about the mean, inside the range that there was (Isensee 2021), in place."""
    low, high, mean = hu.min(), hu.max(), hu.mean()
    hu -= mean
    hu *= np.float32(factor)
    hu += mean
    np.clip(hu, low, high, out=hu)


def change_gamma(hu: np.ndarray, exponent: float) -> None:
    """Raise the intensities, mapped to 0..1, to a power; mean and deviation stay (Isensee 2021). In place."""
    low, high, mean, deviation = hu.min(), hu.max(), hu.mean(), hu.std()
    if not high > low:
        return
    hu -= low
    hu /= high - low
    np.power(hu, np.float32(exponent), out=hu)
    hu -= hu.mean()
    hu *= deviation / hu.std()
    hu += mean


def cut_out(hu: np.ndarray, size: np.ndarray, place: np.ndarray) -> None:
    """Hide a box behind the mean intensity (DeVries & Taylor 2017), in place.

    Parameters
    ----------
    size : ndarray of shape (3,), zyx
        Sides of the box in shares of the patch's.
    place : ndarray of shape (3,), zyx
        Where the box lies in the room that it has, 0..1.
    """
    shape = np.array(hu.shape)
    sides = np.maximum(1, np.rint(size * shape)).astype(int)
    corner = np.rint(place * (shape - sides)).astype(int)
    hu[tuple(slice(c, c + s) for c, s in zip(corner, sides, strict=True))] = hu.mean()
