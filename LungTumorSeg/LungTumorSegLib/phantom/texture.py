"""Random fields: tissue texture, and what the scanner adds."""

from __future__ import annotations

import numpy as np


def smooth_field(rng: np.random.Generator, shape, spacing_zyx, correlation_mm: float) -> np.ndarray:
    """Return a smooth random field of mean 0 and standard deviation about 1.

    White noise on a lattice of ``correlation_mm``, interpolated by cubic splines axis by axis: cheap at any size.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int, zyx
    spacing_zyx : tuple of float, mm
    correlation_mm : float
        Distance over which neighbouring values resemble each other.

    Returns
    -------
    ndarray of float32, zyx
    """
    lattice = [max(4, int(np.ceil(n * s / correlation_mm)) + 1) for n, s in zip(shape, spacing_zyx, strict=True)]
    field = rng.standard_normal(lattice, dtype=np.float32)
    for axis, (coarse, fine) in enumerate(zip(lattice, shape, strict=True)):
        field = np.moveaxis(np.tensordot(_spline(coarse, fine), field, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray((field - field.mean()) / max(float(field.std()), 1e-6))


def _spline(coarse: int, fine: int) -> np.ndarray:
    """Return the (fine, coarse) matrix that interpolates ``coarse`` values at ``fine`` even steps."""
    from scipy.interpolate import make_interp_spline

    spline = make_interp_spline(np.arange(coarse), np.eye(coarse), k=3)
    return spline(np.linspace(0, coarse - 1, fine)).astype(np.float32)


def scanner_noise(rng: np.random.Generator, shape, level_hu: np.ndarray) -> np.ndarray:
    """Return noise like that of filtered back-projection: correlated in the slice, poor in low frequencies.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int, zyx
    level_hu : ndarray that broadcasts to ``shape``
        Standard deviation in HU.
    """
    from scipy.ndimage import gaussian_filter

    noise = rng.standard_normal(shape, dtype=np.float32)
    fine = gaussian_filter(noise, (0.4, 0.6, 0.6), truncate=3)
    fine -= gaussian_filter(fine, (0, 2.0, 2.0), truncate=2)
    return fine * (level_hu / float(fine.std()))


def warp(images: list[np.ndarray], rng: np.random.Generator, spacing_zyx, amplitude_mm: float, scale_mm: float):
    """Deform images together by a smooth random displacement, so that nothing stays a perfect ellipse.

    Parameters
    ----------
    images : list of ndarray, zyx
        All on one grid.
    amplitude_mm : float
        Standard deviation of the displacement along each axis.
    scale_mm : float
        Distance over which the displacement changes.

    Returns
    -------
    list of ndarray of float32, zyx
    """
    from scipy.ndimage import map_coordinates

    shape = images[0].shape
    where = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in shape], indexing="ij", sparse=True)
    coordinates = np.empty((3, *shape), np.float32)
    for k in range(3):
        shift = smooth_field(rng, shape, spacing_zyx, scale_mm)
        coordinates[k] = where[k] + shift * np.float32(amplitude_mm / spacing_zyx[k])
    return [map_coordinates(image, coordinates, order=1, mode="nearest", output=np.float32) for image in images]
