"""Random changes of a training patch, switched by the recipe."""

from __future__ import annotations

import numpy as np

from ..recipe.schema import Augmentation
from .sampling import OUTSIDE_HU, Patch


def augment(patch: Patch, settings: Augmentation, rng: np.random.Generator) -> Patch:
    """Flip, rotate and zoom image and label together; then blur, scale, shift and roughen the HU.

    Parameters
    ----------
    patch : Patch
        Is not kept: its arrays may be changed.
    """
    hu, label = patch.hu, patch.label
    if rng.random() < settings.flip_left_right:
        hu, label = hu[:, :, ::-1], label[:, :, ::-1]
    if rng.random() < settings.affine_probability:
        hu, label = _rotate_and_zoom(hu, label, settings, rng)
    hu = np.array(hu, dtype=np.float32)
    if rng.random() < settings.blur_probability:
        from scipy.ndimage import gaussian_filter

        hu = gaussian_filter(hu, rng.uniform(0.2, 1.0) * settings.blur_sigma_voxels)
    hu *= rng.uniform(1 - settings.scale, 1 + settings.scale)
    hu += rng.uniform(-settings.shift_hu, settings.shift_hu)
    if rng.random() < settings.noise_probability:
        hu += rng.standard_normal(hu.shape, dtype=np.float32) * np.float32(rng.uniform(0, settings.noise_hu))
    return Patch(hu, np.ascontiguousarray(label))


def _rotate_and_zoom(hu: np.ndarray, label: np.ndarray, settings: Augmentation, rng: np.random.Generator):
    """Rotate about a random axis through the centre and zoom; linear for HU, nearest for labels."""
    import torch
    from scipy.spatial.transform import Rotation
    from torch.nn.functional import affine_grid, grid_sample

    direction = rng.standard_normal(3)
    angle = np.deg2rad(rng.uniform(-1, 1) * settings.rotation_degrees)
    matrix = Rotation.from_rotvec(direction / np.linalg.norm(direction) * angle).as_matrix()
    matrix *= 1 + rng.uniform(-1, 1) * settings.zoom
    # affine_grid works in xyz coordinates of -1..1, so unequal sides have to be put to one scale.
    sides = np.array(hu.shape[::-1], dtype=float)
    theta = torch.from_numpy(np.column_stack([matrix * sides[None, :] / sides[:, None], np.zeros(3)])).float()[None]
    grid = affine_grid(theta, [1, 1, *hu.shape], align_corners=False)
    image = torch.from_numpy(np.ascontiguousarray(hu)).float()[None, None] - OUTSIDE_HU
    turned = grid_sample(image, grid, mode="bilinear", align_corners=False)[0, 0].numpy() + OUTSIDE_HU
    marks = torch.from_numpy(np.ascontiguousarray(label)).float()[None, None]
    labels = grid_sample(marks, grid, mode="nearest", align_corners=False)[0, 0].numpy()
    return turned, labels.astype(np.uint8)
