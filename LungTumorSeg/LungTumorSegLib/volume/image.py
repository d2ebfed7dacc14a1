"""Voxels together with their grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Grid


@dataclass(frozen=True, eq=False)
class Volume:
    """A scalar image (CT in HU, or a mask) and where it lies.

    Parameters
    ----------
    array : ndarray, zyx
        Voxels; HU for a CT, 0 and 1 (or label values) for a mask.
    grid : Grid
        Geometry; ``grid.shape == array.shape``.
    """

    array: np.ndarray
    grid: Grid

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise ValueError(f"array of shape {self.array.shape} (zyx) on a grid of shape {self.grid.shape} (zyx)")

    def with_array(self, array: np.ndarray) -> Volume:
        """Return ``array`` (zyx) on this volume's grid."""
        return Volume(array, self.grid)
