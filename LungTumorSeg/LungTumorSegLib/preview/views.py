"""The three planes of a picture, on a grid of any orientation.

Arrays are turned to the canonical order (index axes to the patient's left, posterior and superior) by permuting and
flipping axes, never by interpolation: on an oblique grid the planes are the grid's own. In-plane positions are mm
along the index axes, from the centre of the first voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..volume import Grid, Volume
from ..volume.orientation import Orientation


@dataclass(frozen=True)
class Plane:
    """How a plane is shown, by the radiological convention.

    Parameters
    ----------
    name : str
        For the heading.
    across, horizontal, vertical : int
        Canonical axes (0 left, 1 posterior, 2 superior): the one across the plane, the one to the right and the one
        up or down in the picture.
    down : bool
        Whether the vertical axis runs down in the picture.
    letters : str
        What lies to the left, right, top and bottom of the picture, in this order.
    """

    name: str
    across: int
    horizontal: int
    vertical: int
    down: bool
    letters: str


AXIAL = Plane("Axial", 2, 0, 1, True, "RLAP")
CORONAL = Plane("Coronal", 1, 0, 2, False, "RLSI")
SAGITTAL = Plane("Sagittal", 0, 1, 2, False, "APSI")
PLANES = (AXIAL, CORONAL, SAGITTAL)


class CanonicalView:
    """Volumes of one grid, seen in canonical order.

    Parameters
    ----------
    grid : Grid
        The grid on which all volumes lie.
    """

    def __init__(self, grid: Grid):
        self._orientation = Orientation.of(grid)
        self.grid = self._orientation.apply_to_grid(grid)

    def volume(self, volume: Volume) -> Volume:
        """Turn a volume to the canonical order."""
        return Volume(self._orientation.apply(volume.array), self.grid)

    def positions(self, points_lps) -> np.ndarray:
        """Map (…, 3) LPS points to mm along the canonical axes, from the centre of the first voxel."""
        return self.grid.to_index(points_lps) * self.grid.spacing

    def place(self, plane: Plane, index: int, positions: np.ndarray) -> str:
        """Say where slice ``index`` of a plane lies: in the patient, and its number among the stored voxels.

        ``positions`` (3,), in mm along the canonical axes, is the point of the slice whose coordinate is given; which
        one it is matters only on oblique grids.
        """
        canonical = positions / self.grid.spacing
        canonical[plane.across] = index
        coordinate = self.grid.to_physical(canonical)[plane.across]
        side = ("RL", "AP", "IS")[plane.across][int(coordinate >= 0)]
        stored = self.grid.size[plane.across] - 1 - index if self._orientation.flips[plane.across] else index
        return f"{side} {abs(coordinate):.1f} mm ({'ijk'[self._orientation.axes[plane.across]]} = {stored})"

    def extent(self, plane: Plane) -> tuple[float, float, float, float]:
        """Outer borders of the plane: left, right, bottom, top in mm, as Matplotlib's ``imshow`` takes them."""
        left, right = self._borders(plane.horizontal)
        low, high = self._borders(plane.vertical)
        return (left, right, high, low) if plane.down else (left, right, low, high)

    def _borders(self, axis: int) -> tuple[float, float]:
        spacing = self.grid.spacing[axis]
        return -spacing / 2, (self.grid.size[axis] - 0.5) * spacing


def cut(array: np.ndarray, plane: Plane, index: int) -> np.ndarray:
    """Take slice ``index`` out of a canonical array (zyx); rows run along the vertical axis of the plane."""
    return array.take(index, axis=2 - plane.across)
