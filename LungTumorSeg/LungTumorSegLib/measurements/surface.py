"""Distances between the surfaces of two masks.

A surface is made of elements: one at the centre of each 2 x 2 x 2 group of neighbouring voxels of which some are
inside and some are not. An element's area is ``|gradient| x voxel volume``, with the gradient of the 0/1 mask averaged
over the group; by the coarea formula these areas add up to that of the (stepped) surface. Weighting by area matters
where slices are thick: there an element on the side of a lesion stands for several times the area of one on its top.
Distances run from element to nearest element. This is the definition of Nikolov et al. (J Med Internet Res
2021;23:e26151), whose areas come from a table of triangles instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .lesions import Lesion


@dataclass(frozen=True, eq=False)
class Surface:
    """Surface elements of a mask.

    Parameters
    ----------
    points : ndarray, (n, 3), mm
        Positions (zyx) along the index axes, from the centre of the mask's first voxel.
    areas : ndarray, (n,), mm2
        Area for which each element stands.
    """

    points: np.ndarray
    areas: np.ndarray


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distance of every element of two surfaces from the other one.

    Parameters
    ----------
    one, other : Surface
        The two surfaces.
    from_one, from_other : ndarray, mm
        Distance of each of the surface's elements to the nearest of the other's.
    """

    one: Surface
    other: Surface
    from_one: np.ndarray
    from_other: np.ndarray

    def hausdorff_mm(self, percent: float = 95.0) -> float:
        """Robust Hausdorff distance: the larger of both directions' area-weighted percentiles, in mm."""
        return max(
            _weighted_percentile(self.from_one, self.one.areas, percent),
            _weighted_percentile(self.from_other, self.other.areas, percent),
        )

    def surface_dice(self, tolerance_mm: float = 1.0) -> float:
        """Share of both surfaces' area that lies within ``tolerance_mm`` of the other surface."""
        within = self.one.areas[self.from_one <= tolerance_mm].sum()
        within += self.other.areas[self.from_other <= tolerance_mm].sum()
        return float(within / (self.one.areas.sum() + self.other.areas.sum()))


def surface_of(lesions: Sequence[Lesion]) -> Surface:
    """Collect the surface elements of all lesions of one mask.

    Each lesion is handled within its own box: no 2 x 2 x 2 group holds voxels of two lesions, since these would touch.
    """
    parts = [_lesion_surface(lesion) for lesion in lesions]
    return Surface(np.concatenate([p.points for p in parts]), np.concatenate([p.areas for p in parts]))


def _lesion_surface(lesion: Lesion) -> Surface:
    spacing = np.array(lesion.voxels.grid.spacing[::-1])
    padded = np.pad(lesion.voxels.array, 1).astype(np.int8)
    count = _pairs(_pairs(_pairs(padded, 0), 1), 2)
    group = np.nonzero((count > 0) & (count < 8))
    squared = np.zeros(len(group[0]))
    for axis in range(3):
        slope = np.diff(padded, axis=axis)
        for other in {0, 1, 2} - {axis}:
            slope = _pairs(slope, other)
        squared += (slope[group] / (4.0 * spacing[axis])) ** 2
    corner = np.array(lesion.corner[::-1])
    points = (np.stack(group, axis=1) + corner - 0.5) * spacing
    return Surface(points, np.sqrt(squared) * spacing.prod())


def _pairs(array: np.ndarray, axis: int) -> np.ndarray:
    """Sum of each two neighbours along ``axis``."""
    length = array.shape[axis]
    return array.take(range(length - 1), axis) + array.take(range(1, length), axis)


def surface_distances(one: Sequence[Lesion], other: Sequence[Lesion]) -> SurfaceDistances:
    """Measure how far two masks' surfaces lie apart.

    A k-d tree gives the same distances as a distance transform over the box that holds both surfaces, but its cost
    grows with the surfaces and not with the box, which a false positive in the other lung would make huge.

    Parameters
    ----------
    one, other : sequence of Lesion
        Lesions of two masks on the same grid; neither is empty.
    """
    from scipy.spatial import KDTree

    first, second = surface_of(one), surface_of(other)
    from_first, _ = KDTree(second.points).query(first.points)
    from_second, _ = KDTree(first.points).query(second.points)
    return SurfaceDistances(first, second, from_first, from_second)


def _weighted_percentile(values: np.ndarray, weights: np.ndarray, percent: float) -> float:
    """Smallest value up to which at least ``percent`` of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    position = np.searchsorted(share, share[-1] * percent / 100.0)
    return float(values[order][min(position, len(order) - 1)])
