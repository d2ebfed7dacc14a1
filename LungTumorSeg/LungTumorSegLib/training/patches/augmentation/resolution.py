"""Blur, low resolution and thick slices: one small matrix along each axis, whatever was drawn."""

from __future__ import annotations

import numpy as np

from ....recipe.schema import Augmentation
from ....volume.resampling import axis_weights

SHARPEST_BLUR = 0.2  # share of the recipe's sigma from which a blur is drawn; less is none


def lower_resolution(hu: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Blur, lose resolution in all directions, or see through thick slices; ``hu`` is float32, zyx."""
    matrices: list[np.ndarray | None] = [None, None, None]

    def then(axis: int, matrix: np.ndarray) -> None:
        matrices[axis] = matrix if matrices[axis] is None else matrix @ matrices[axis]

    if rng.random() < settings.blur_probability and settings.blur_sigma_voxels > 0:
        sigma = rng.uniform(SHARPEST_BLUR, 1) * settings.blur_sigma_voxels
        for axis, size in enumerate(hu.shape):
            then(axis, gaussian_matrix(size, sigma))
    if rng.random() < settings.low_resolution_probability and settings.low_resolution_factor > 1:
        factor = rng.uniform(1, settings.low_resolution_factor)
        for axis, size in enumerate(hu.shape):
            then(axis, down_and_up_matrix(size, factor))
    if rng.random() < settings.thick_slices_probability and settings.thick_slices_factor > 1:
        then(0, down_and_up_matrix(hu.shape[0], rng.uniform(1, settings.thick_slices_factor)))
    return along_axes(hu, matrices)


def along_axes(array: np.ndarray, matrices_zyx: list[np.ndarray | None]) -> np.ndarray:
    """Multiply each axis of a float32 ``array`` (zyx) by its square matrix; ``None`` leaves the axis alone."""
    along_z, along_y, along_x = matrices_zyx
    if along_x is not None:
        array = array @ along_x.T
    if along_y is not None:
        array = along_y @ array
    if along_z is not None:
        array = (along_z @ array.reshape(len(array), -1)).reshape(array.shape)
    return array


def gaussian_matrix(size: int, sigma: float) -> np.ndarray:
    """Convolution with a Gaussian as a matrix of shape (size, size), float32; rows sum to 1 at the ends too."""
    index = np.arange(size)
    weights = np.exp(-0.5 * ((index[:, None] - index) / sigma) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def down_and_up_matrix(size: int, factor: float) -> np.ndarray:
    """Averaging to voxels ``factor`` times as large and linear interpolation back, shape (size, size), float32."""
    count = max(1, round(size / factor))
    step = size / count
    down = axis_weights((np.arange(count) + 0.5) * step - 0.5, size, step)
    up = axis_weights((np.arange(size) + 0.5) / step - 0.5, count)
    return up @ down
