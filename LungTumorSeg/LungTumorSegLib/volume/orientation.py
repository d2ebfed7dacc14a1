"""Turn any grid so that its axes run as nearly as possible to the left, posterior and superior; exactly undone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from .boxes import Box
from .grid import Grid


@dataclass(frozen=True)
class Orientation:
    """A permutation of axes and a choice of flips; no voxel is interpolated.

    Parameters
    ----------
    axes : tuple of int, xyz
        ``axes[k]`` is the stored index axis that becomes canonical axis ``k`` (0 left, 1 posterior, 2 superior).
    flips : tuple of bool, xyz
        Whether canonical axis ``k`` runs against the stored one.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @classmethod
    def of(cls, grid: Grid) -> Orientation:
        """Find the axis order that best matches ``grid``'s direction to left, posterior, superior."""
        cosines = np.abs(grid.direction)
        axes = max(permutations(range(3)), key=lambda order: sum(cosines[k, order[k]] for k in range(3)))
        flips = tuple(bool(grid.direction[k, axes[k]] < 0) for k in range(3))
        return cls(tuple(axes), flips)

    @property
    def _transpose_zyx(self) -> tuple[int, int, int]:
        return tuple(2 - axis for axis in self.axes[::-1])

    @property
    def _flipped_zyx(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1) if flip else slice(None) for flip in self.flips[::-1])

    def apply(self, array: np.ndarray) -> np.ndarray:
        """Return a view of ``array`` (zyx as stored) in canonical order (zyx: superior, posterior, left)."""
        return array.transpose(self._transpose_zyx)[self._flipped_zyx]

    def undo(self, array: np.ndarray) -> np.ndarray:
        """Return a view of ``array`` (canonical zyx) in the stored order."""
        return array[self._flipped_zyx].transpose(np.argsort(self._transpose_zyx))

    def undo_box(self, box: Box, shape_zyx: tuple[int, int, int]) -> Box:
        """Return where ``box``, cut out of a canonical array of ``shape_zyx``, lies in the stored array (zyx)."""
        stored = [slice(0)] * 3
        for axis, side, size, flip in zip(self._transpose_zyx, box, shape_zyx, self.flips[::-1], strict=True):
            stored[axis] = slice(size - side.stop, size - side.start) if flip else side
        return tuple(stored)

    def apply_to_grid(self, grid: Grid) -> Grid:
        """Return the grid on which `apply`'s result lies; every voxel keeps its place in the patient."""
        size = tuple(grid.size[a] for a in self.axes)
        spacing = tuple(grid.spacing[a] for a in self.axes)
        signs = np.where(self.flips, -1.0, 1.0)
        corner = np.zeros(3)
        for k, axis in enumerate(self.axes):
            corner[axis] = grid.size[axis] - 1 if self.flips[k] else 0
        return Grid(size, spacing, tuple(grid.to_physical(corner)), grid.direction[:, list(self.axes)] * signs)
