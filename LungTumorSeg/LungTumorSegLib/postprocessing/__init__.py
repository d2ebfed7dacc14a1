"""From the network's mask to the one that is shown: components, then border refinement."""

from __future__ import annotations

import numpy as np

from .components import find_components, paint, select_components
from .refinement import refine_borders


def postprocess(
    mask: np.ndarray,
    ct: np.ndarray,
    spacing_xyz: tuple[float, float, float],
    settings,
    probability: np.ndarray | None = None,
    region: np.ndarray | None = None,
) -> np.ndarray:
    """Apply what the recipe switches on.

    Parameters
    ----------
    mask : uint8 ndarray, zyx
        Labels; 0 is background.
    ct : ndarray, zyx
        HU on the same grid.
    spacing_xyz : tuple of float, mm
        Voxel spacing.
    settings : LungTumorSegLib.recipe.schema.Postprocessing
        ``components`` (``keep``, ``minimum_volume_ml``, ``minimum_confidence``) and ``border_refinement``
        (``enabled``, ``radius_mm``, ``confidence_z``).
    probability : float ndarray, zyx, optional
        Foreground probability; needed for a minimum confidence.
    region : bool ndarray, zyx, optional
        Refinement adds nothing outside it.

    Returns
    -------
    uint8 ndarray, zyx
        A new mask.
    """
    wanted = settings.components
    voxel_ml = float(np.prod(spacing_xyz)) / 1000.0
    components = select_components(
        find_components(mask, probability),
        voxel_ml,
        keep=wanted.keep,
        minimum_volume_ml=wanted.minimum_volume_ml,
        minimum_confidence=wanted.minimum_confidence,
    )
    mask = paint(components, mask.shape, mask.dtype)
    border = settings.border_refinement
    if border.enabled and components:
        mask = refine_borders(
            mask, ct, spacing_xyz, radius_mm=border.radius_mm, confidence_z=border.confidence_z, region=region
        )
    return mask


__all__ = ["find_components", "postprocess", "refine_borders", "select_components"]
