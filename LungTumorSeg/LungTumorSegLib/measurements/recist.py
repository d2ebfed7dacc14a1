"""The two diameters of RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009): long axis and short axis in an axial slice.

*Axial slice*: a slice of the grid across the index axis that lies closest to the patient's superior axis. On an
oblique grid these are the slices as acquired, not exact transverse planes.

*Section*: what a lesion shows in one slice, split into its 8-connected parts. A diameter joins two points of the
same section; where the section is not convex (a crescent, a ring) it may run outside of the tumour in between.

*Long axis*: the longest diameter over all sections of the lesion. *Short axis*: the longest diameter of that same
section at a right angle to the long axis. Both end on the outline that `measurements.outline` defines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..volume import Grid
from ..volume.orientation import Orientation
from .diameter import TIE_MM, Diameter, farthest_pairs
from .lesions import Lesion
from .outline import contour_lines, hull_points


@dataclass(frozen=True, eq=False)
class AxialDiameters:
    """RECIST long and short axis of one lesion.

    Parameters
    ----------
    long_axis, short_axis : Diameter
        Both lie in the same slice, at right angles.
    slice_axis : int
        Index axis (0, 1, 2 for x, y, z) across which the slices are counted.
    slice_index : int
        Number of the slice in the whole mask, from 0.
    """

    long_axis: Diameter
    short_axis: Diameter
    slice_axis: int
    slice_index: int


@dataclass(frozen=True, eq=False)
class _Section:
    """One connected part of a lesion in one slice.

    ``inside`` is a boolean array (row, column) and ``corner`` the index (slice, row, column) of its first pixel;
    ``axes`` are the xyz axes of (slice, row, column) and ``grid`` is the lesion's.
    """

    inside: np.ndarray
    corner: tuple[int, int, int]
    axes: tuple[int, int, int]
    grid: Grid

    @property
    def spacing(self) -> np.ndarray:
        """Distance of rows and of columns in mm."""
        return np.array([self.grid.spacing[axis] for axis in self.axes[1:]])

    @property
    def bound_mm(self) -> float:
        """A length that no diameter of the section exceeds: the diagonal of its bounding rectangle."""
        return float(np.linalg.norm(self.spacing * self.inside.shape))

    def to_physical(self, points: np.ndarray) -> np.ndarray:
        """Map (…, 2) in-plane points in mm (row, column) to LPS mm."""
        index = np.empty((*points.shape[:-1], 3))
        index[..., self.axes[0]] = self.corner[0]
        for axis, corner, coordinate in zip(
            self.axes[1:], self.corner[1:], np.moveaxis(points / self.spacing, -1, 0), strict=True
        ):
            index[..., axis] = corner + coordinate
        return self.grid.to_physical(index)


def _sections(lesion: Lesion) -> Iterator[_Section]:
    """Split a lesion into its sections."""
    from scipy.ndimage import find_objects, label

    across = Orientation.of(lesion.voxels.grid).axes[2]
    axes = (across, *(axis for axis in (2, 1, 0) if axis != across))
    slices = lesion.voxels.array.transpose([2 - axis for axis in axes])
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = True
    labels, _ = label(slices, structure=in_plane)
    for number, box in enumerate(find_objects(labels), start=1):
        inside = labels[box][0] == number
        yield _Section(inside, tuple(side.start for side in box), axes, lesion.voxels.grid)


def _widest_across(section: _Section, long_axis: np.ndarray) -> np.ndarray:
    """Longest diameters, (n, 2, 2) in-plane mm, of a section at a right angle to ``long_axis``; n > 1 if equally long.

    In coordinates ``u`` along and ``v`` across the long axis the outline is made of straight pieces that do not
    cross, so the extent in ``v`` is a linear function of ``u`` between the pieces' ends and is largest at one of
    them.
    """
    along = long_axis[1] - long_axis[0]
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]])
    pieces = contour_lines(section.inside, section.spacing)
    u, v = pieces @ along, pieces @ across
    start, end = u.min(axis=1), u.max(axis=1)
    # Right angles on the grid make many ends share their u up to rounding; merging them keeps the pieces below closed.
    lines = np.unique(np.round(u, 9))[:, None]
    hit = (start - 1e-9 <= lines) & (lines <= end + 1e-9)
    run = u[:, 1] - u[:, 0]
    upright = np.abs(run) < 1e-8
    fraction = np.clip((lines - u[:, 0]) / np.where(upright, 1.0, run), 0.0, 1.0)
    height = v[:, 0] + fraction * (v[:, 1] - v[:, 0])
    highest = np.where(hit, np.where(upright, v.max(axis=1), height), -np.inf).max(axis=1)
    lowest = np.where(hit, np.where(upright, v.min(axis=1), height), np.inf).min(axis=1)
    width = highest - lowest
    widest = width >= width.max() - TIE_MM
    ends = np.stack([lowest[widest], highest[widest]], axis=1)
    return lines[widest][..., None] * along + ends[..., None] * across


def axial_diameters(lesion: Lesion) -> AxialDiameters:
    """Measure the RECIST long and short axis, once for each `Lesion` object.

    Of equally long axes the one with the longest short axis is taken, then the one nearest to the patient's right,
    front and feet; of equally long short axes the one nearest to the long axis' middle. So the result does not depend
    on how the voxels are stored.
    """
    return lesion.remembered("axial diameters", _measure)


def _measure(lesion: Lesion) -> AxialDiameters:
    longest = 0.0
    candidates: list[tuple[_Section, np.ndarray]] = []
    for section in sorted(_sections(lesion), key=lambda s: -s.bound_mm):
        if section.bound_mm < longest - TIE_MM:
            break
        pairs = farthest_pairs(hull_points(section.inside, section.spacing))
        length = float(np.linalg.norm(pairs[0, 1] - pairs[0, 0]))
        if length > longest + TIE_MM:
            candidates = []
        if length >= longest - TIE_MM:
            candidates += [(section, pair) for pair in pairs]
            longest = max(longest, length)

    measured = []
    for section, pair in candidates:
        long_axis = Diameter.between(section.to_physical(pair))
        number = section.corner[0] + lesion.corner[section.axes[0]]
        for ends in section.to_physical(_widest_across(section, pair)):
            measured.append(AxialDiameters(long_axis, Diameter.between(ends), section.axes[0], number))
    return min(measured, key=_rank)


def _rank(diameters: AxialDiameters) -> tuple[float, ...]:
    """Sort key: the first in order is the one to take."""
    apart = diameters.short_axis.points.mean(axis=0) - diameters.long_axis.points.mean(axis=0)
    return (
        -round(diameters.short_axis.length_mm, 6),
        *np.round(diameters.long_axis.points, 6).ravel(),
        round(float(np.linalg.norm(apart)), 6),
        *np.round(diameters.short_axis.points, 6).ravel(),
    )
