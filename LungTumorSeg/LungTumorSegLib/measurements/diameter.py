"""Diameters: the longest distance between two points of a lesion's outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lesions import Lesion
from .outline import hull_points

TIE_MM = 1e-6
"""Lengths that differ by less are equal."""


@dataclass(frozen=True, eq=False)
class Diameter:
    """A straight line between two points of a lesion's outline.

    Parameters
    ----------
    points : ndarray, (2, 3), LPS mm
        The ends.
    """

    points: np.ndarray

    @classmethod
    def between(cls, points: np.ndarray) -> Diameter:
        """Order two points (2, 3) so that the first lies more to the patient's right (then: front, feet)."""
        first, second = np.round(points, 6)
        return cls(points if tuple(first) <= tuple(second) else points[::-1])

    @property
    def length_mm(self) -> float:
        """Distance of the ends."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))


def farthest_pairs(points: np.ndarray) -> np.ndarray:
    """All pairs of points whose distance is the largest that occurs.

    Parameters
    ----------
    points : ndarray, (n, dimensions), mm
        At least two.

    Returns
    -------
    ndarray, (pairs, 2, dimensions), mm
        More than one pair if several are equally far apart, to `TIE_MM`.
    """
    from scipy.spatial.distance import pdist

    first, second = np.triu_indices(len(points), 1)
    distance = pdist(points)
    farthest = distance >= distance.max() - TIE_MM
    return np.stack([points[first[farthest]], points[second[farthest]]], axis=1)


def longest_diameter(lesion: Lesion) -> Diameter:
    """Longest diameter in three dimensions, measured once for each `Lesion` object.

    The two points farthest apart are corners of the convex hull, so only these are compared.
    """
    return lesion.remembered("longest diameter", _measure)


def _measure(lesion: Lesion) -> Diameter:
    grid = lesion.voxels.grid
    pairs = farthest_pairs(hull_points(lesion.voxels.array, np.array(grid.spacing[::-1])))
    physical = grid.to_physical(pairs[..., ::-1] / np.array(grid.spacing))
    return min((Diameter.between(pair) for pair in physical), key=lambda d: tuple(np.round(d.points, 6).ravel()))
