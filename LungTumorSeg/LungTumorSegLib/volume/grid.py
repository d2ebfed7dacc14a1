"""Where voxels lie in the patient."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _identity() -> np.ndarray:
    return np.eye(3)


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular voxel grid in patient space.

    Physical coordinates are LPS in mm (x towards the patient's left, y posterior, z superior), as in DICOM and ITK.
    Triples are ``xyz``; arrays on the grid are indexed ``zyx``, so ``array.shape == grid.shape == grid.size[::-1]``.

    Parameters
    ----------
    size : tuple of int, xyz
        Number of voxels along each index axis.
    spacing : tuple of float, xyz, mm
        Distance between neighbouring voxel centres.
    origin : tuple of float, LPS mm
        Centre of voxel (0, 0, 0).
    direction : ndarray of shape (3, 3)
        Column ``k`` is the unit vector, in LPS, along index axis ``k`` of ``xyz``.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: np.ndarray = field(default_factory=_identity)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", tuple(int(n) for n in self.size))
        object.__setattr__(self, "spacing", tuple(float(s) for s in self.spacing))
        object.__setattr__(self, "origin", tuple(float(o) for o in self.origin))
        direction = np.array(self.direction, dtype=float).reshape(3, 3)
        direction.setflags(write=False)
        object.__setattr__(self, "direction", direction)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array on this grid, zyx."""
        return self.size[::-1]

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return float(np.prod(self.spacing)) / 1000.0

    @property
    def affine(self) -> np.ndarray:
        """Homogeneous (4, 4) matrix from index ``(i, j, k)`` (xyz) to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * np.asarray(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    def to_physical(self, index_xyz) -> np.ndarray:
        """Map (…, 3) continuous indices (xyz) to LPS mm."""
        return np.asarray(index_xyz, dtype=float) @ self.affine[:3, :3].T + np.asarray(self.origin)

    def to_index(self, physical_lps) -> np.ndarray:
        """Map (…, 3) LPS points in mm to continuous indices (xyz)."""
        return (np.asarray(physical_lps, dtype=float) - np.asarray(self.origin)) @ np.linalg.inv(self.affine[:3, :3]).T

    def same_as(self, other: Grid, tolerance: float = 1e-3) -> bool:
        """Tell whether every voxel of ``other`` lies on its namesake here, to ``tolerance`` of a voxel."""
        if self.size != other.size:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.size], indexing="ij")).reshape(3, -1).T
        moved = np.abs(self.to_index(other.to_physical(corners)) - corners)
        return bool(moved.max() <= tolerance)
