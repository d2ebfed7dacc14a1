"""A grid that shapes are painted on, and the shapes: distances in mm, negative inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..volume import Grid


@dataclass(frozen=True, eq=False)
class Canvas:
    """HU values on a grid, with the coordinates of the voxels.

    Attributes
    ----------
    hu : ndarray of float32, zyx
        What has been painted so far; a crop shares it with the whole.
    x, y, z : ndarray of float32, shapes (1, 1, nx), (1, ny, 1), (nz, 1, 1)
        Anatomical coordinates in mm: x to the patient's left, y posterior, z superior (0 at the foot of the chest).
    edge_mm : float
        Width over which one tissue turns into the next.
    """

    hu: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    edge_mm: float

    @classmethod
    def on(cls, grid: Grid, stretch_xyz: tuple[float, float, float], hu: float) -> Canvas:
        """Return a canvas of constant ``hu``; anatomical = physical coordinates / ``stretch_xyz``."""
        axes = []
        for k, (n, spacing, origin, stretch) in enumerate(
            zip(grid.size, grid.spacing, grid.origin, stretch_xyz, strict=True)
        ):
            axis = (origin + spacing * np.arange(n, dtype=np.float32)) / np.float32(stretch)
            axes.append(axis.reshape([-1 if k == 2 - dimension else 1 for dimension in range(3)]))
        return cls(np.full(grid.shape, hu, np.float32), *axes, edge_mm=max(grid.spacing[:2]))

    def crop(self, low_xyz, high_xyz) -> Canvas:
        """Return the part between two corners (mm), a view of this canvas."""
        slices = []
        for axis, low, high in zip((self.x, self.y, self.z), low_xyz, high_xyz, strict=True):
            start, stop = np.searchsorted(axis.ravel(), (low, high))
            slices.append(slice(int(start), int(stop)))
        sx, sy, sz = slices
        return Canvas(self.hu[sz, sy, sx], self.x[:, :, sx], self.y[:, sy], self.z[sz], self.edge_mm)

    def around(self, points: np.ndarray, margin_mm: float) -> Canvas:
        """Return the part around ``points`` of shape (n, 3), xyz mm."""
        return self.crop(points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm)

    def same_part(self, part: Canvas, array: np.ndarray) -> np.ndarray:
        """Return the view of ``array`` (zyx, on this canvas) that belongs to ``part`` of it."""
        axes = ((self.z, part.z), (self.y, part.y), (self.x, part.x))
        start = [int(np.searchsorted(whole.ravel(), own.ravel()[0])) if own.size else 0 for whole, own in axes]
        return array[tuple(slice(s, s + n) for s, n in zip(start, part.hu.shape, strict=True))]

    def thinned(self, step: int) -> Canvas:
        """Return every ``step``-th voxel along each axis, a view."""
        k = slice(None, None, step)
        return Canvas(self.hu[k, k, k], self.x[:, :, k], self.y[:, k], self.z[k], self.edge_mm)

    @property
    def spacing_zyx(self) -> tuple[float, float, float]:
        """Distance between voxels in anatomical mm."""
        return tuple(float(a.ravel()[1] - a.ravel()[0]) for a in (self.z, self.y, self.x))

    def cover(self, distance: np.ndarray) -> np.ndarray:
        """Return the share (0 to 1) of each voxel inside the shape with this signed ``distance`` (mm)."""
        return np.clip(0.5 - distance / np.float32(self.edge_mm), 0, 1)

    def paint(self, distance: np.ndarray, hu: float | np.ndarray) -> None:
        """Fill the inside of a shape with ``hu``, with soft edges."""
        self.hu[...] += self.cover(distance) * (hu - self.hu)


def ellipse(canvas: Canvas, centre, half_axes, power: float = 2.0) -> np.ndarray:
    """Distance along the ray from the centre to a superellipse that may change from slice to slice.

    ``centre`` and ``half_axes`` are pairs (x, y) of numbers or of arrays of shape (nz, 1, 1), in mm; ``power`` 2 is an
    ellipse, more is boxier.
    """
    x, y = canvas.x - centre[0], canvas.y - centre[1]
    level = (np.abs(x / half_axes[0]) ** power + np.abs(y / half_axes[1]) ** power) ** np.float32(1 / power)
    level = np.maximum(level, np.float32(1e-3))
    return np.sqrt(x**2 + y**2) * (1 - 1 / level)


def ellipsoid(canvas: Canvas, centre, half_axes, long_axis=None) -> np.ndarray:
    """Approximate distance to an ellipsoid (mm); ``long_axis`` turns its first half axis into that direction."""
    offset = [canvas.x - centre[0], canvas.y - centre[1], canvas.z - centre[2]]
    if long_axis is not None:
        offset = [sum(row[k] * offset[k] for k in range(3)) for row in _frame(np.asarray(long_axis, float))]
    level = np.sqrt(sum((o / np.float32(h)) ** 2 for o, h in zip(offset, half_axes, strict=True)))
    return (level - 1) * np.float32(min(half_axes))


def tube(canvas: Canvas, points: np.ndarray, radii) -> np.ndarray:
    """Distance to a tube through ``points`` of shape (n, 3), xyz mm, with a radius (mm) at each of them."""
    radii = np.broadcast_to(np.asarray(radii, np.float32), len(points))
    distance = np.full(canvas.hu.shape, np.inf, np.float32)
    for start, stop, first, last in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
        along = np.asarray(stop - start, np.float32)
        x, y, z = canvas.x - np.float32(start[0]), canvas.y - np.float32(start[1]), canvas.z - np.float32(start[2])
        t = np.clip((x * along[0] + y * along[1] + z * along[2]) / max(float(along @ along), 1e-6), 0, 1)
        gap = np.sqrt((x - t * along[0]) ** 2 + (y - t * along[1]) ** 2 + (z - t * along[2]) ** 2)
        np.minimum(distance, gap - (first + t * (last - first)), out=distance)
    return distance


def curve(points, samples: int = 16) -> np.ndarray:
    """Return a smooth curve, shape (samples, 3), through the given points (xyz mm)."""
    from scipy.interpolate import PchipInterpolator

    points = np.asarray(points, float)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return PchipInterpolator(arc, points)(np.linspace(0, arc[-1], samples))


def join(a: np.ndarray, b: np.ndarray, round_mm: float) -> np.ndarray:
    """Unite two shapes, filling the groove between them (polynomial smooth minimum)."""
    blend = np.clip(0.5 + (b - a) / np.float32(2 * round_mm), 0, 1)
    return b + (a - b) * blend - np.float32(round_mm) * blend * (1 - blend)


def cut(a: np.ndarray, b: np.ndarray, round_mm: float) -> np.ndarray:
    """Intersect two shapes with a rounded edge; ``cut(a, -b, r)`` takes ``b`` away from ``a``."""
    return -join(-a, -b, round_mm)


def profile(z: np.ndarray, table: dict[float, float]) -> np.ndarray:
    """Interpolate a quantity smoothly over height ``z`` (mm) from a table height -> value."""
    from scipy.interpolate import PchipInterpolator

    heights = sorted(table)
    curve_of_z = PchipInterpolator(heights, [table[h] for h in heights])
    return curve_of_z(np.clip(z, heights[0], heights[-1])).astype(np.float32)


def _frame(axis: np.ndarray) -> np.ndarray:
    """Return an orthonormal (3, 3) frame whose first row points along ``axis``."""
    first = axis / np.linalg.norm(axis)
    helper = np.eye(3)[np.argmin(np.abs(first))]
    second = np.cross(first, helper)
    second /= np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)]).astype(np.float32)
