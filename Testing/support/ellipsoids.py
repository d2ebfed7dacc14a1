"""Ellipsoids on a grid, and their diameters in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from LungTumorSegLib.volume import Grid, Volume


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """Points ``p`` (LPS mm) with ``(p - center)' shape (p - center) <= 1``."""

    semi_axes: np.ndarray
    axes: np.ndarray
    center: np.ndarray

    @property
    def shape(self) -> np.ndarray:
        return self.axes @ np.diag(self.semi_axes**-2.0) @ self.axes.T

    @property
    def volume_ml(self) -> float:
        return 4.0 / 3.0 * np.pi * float(self.semi_axes.prod()) / 1000.0

    def mask(self, grid: Grid) -> Volume:
        """A voxel is in if its centre is."""
        k, j, i = np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij")
        apart = grid.to_physical(np.stack([i, j, k], axis=-1)) - self.center
        inside = np.einsum("...i,ij,...j->...", apart, self.shape, apart) <= 1.0
        return Volume(inside.astype(np.uint8), grid)

    def sections(self, grid: Grid, across: int = 2) -> np.ndarray:
        """Major and minor axis in mm, (slices, 2), of each slice's ellipse across index axis ``across``; 0 outside.

        With the quadratic form split into in-plane part A, mixed part b and part c across, the section at height h is
        an ellipse of form A / (1 - (c - b' A^-1 b) h^2).
        """
        basis = grid.direction[:, [axis for axis in range(3) if axis != across] + [across]]
        form = basis.T @ self.shape @ basis
        a, b, c = form[:2, :2], form[:2, 2], form[2, 2]
        heights = np.arange(grid.size[across]) * grid.spacing[across] - (
            grid.direction[:, across] @ (self.center - np.array(grid.origin))
        )
        rest = np.clip(1.0 - (c - b @ np.linalg.solve(a, b)) * heights**2, 0.0, None)
        return 2.0 * np.sqrt(rest[:, None] / np.linalg.eigvalsh(a))


def random_ellipsoid(rng: np.random.Generator, longest_mm: float, spacing, direction=None) -> tuple[Ellipsoid, Grid]:
    """An ellipsoid of any tilt at any sub-voxel position, and a grid that holds it."""
    semi_axes = longest_mm * np.array([1.0, *rng.uniform(0.5, 1.0, 2)])
    axes = Rotation.random(rng=rng).as_matrix()
    direction = np.eye(3) if direction is None else direction
    spacing = np.asarray(spacing, dtype=float)
    half = np.ceil(longest_mm / spacing).astype(int) + 2
    origin = rng.uniform(-200.0, 200.0, 3)
    grid = Grid(2 * half + 1, spacing, origin, direction)
    center = grid.to_physical(half + rng.uniform(-0.5, 0.5, 3))
    return Ellipsoid(semi_axes, axes, center), grid
