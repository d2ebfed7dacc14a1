"""The way from the input grid to the prepared grid, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..lungs import LocatedRegion
from ..volume import Grid
from ..volume.boxes import grown
from ..volume.orientation import Orientation
from ..volume.resampling import axis_weights, resample, resample_mask_twice

BoxZYX = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class GridMap:
    """Reorientation, crop and resampling as one map that knows its own inverse.

    Reorientation and crop move no voxel in the patient and are undone bit by bit. Resampling is linear both ways; with
    the input's own spacing it is the identity.

    Attributes
    ----------
    source : Grid
        The input grid.
    target : Grid
        The prepared grid: axes near left, posterior, superior; the wanted spacing; the box only.
    orientation : Orientation
        From ``source``'s axes to canonical ones.
    box : tuple of slice, zyx
        The part of the canonical input grid that is prepared.
    """

    source: Grid
    target: Grid
    orientation: Orientation
    box: BoxZYX
    _forward: tuple[np.ndarray, np.ndarray, np.ndarray]
    _backward: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def plan(
        cls, grid: Grid, spacing_mm: tuple[float | None, ...] | None = None, box: BoxZYX | None = None
    ) -> GridMap:
        """Lay the prepared grid out.

        Parameters
        ----------
        grid : Grid
            Input grid.
        spacing_mm : tuple of float, xyz, optional
            Spacing of the prepared grid along left, posterior, superior; the input's by default, and where one is
            None.
        box : tuple of slice, zyx, optional
            Part of the canonical input grid to prepare; by default all of it.
        """
        orientation = Orientation.of(grid)
        canonical = orientation.apply_to_grid(grid)
        box = box or tuple(slice(0, n) for n in canonical.shape)
        asked = zip(canonical.spacing, spacing_mm or (None,) * 3, strict=True)
        spacing = [own if mm is None else mm for own, mm in asked]
        wanted = np.array(spacing)[::-1]
        steps = wanted / np.array(canonical.spacing)[::-1]
        lengths = [part.stop - part.start for part in box]
        counts = [max(1, int(np.ceil(n / step - 1e-6))) for n, step in zip(lengths, steps, strict=True)]
        # Outer borders coincide at the box's start, so a coarse voxel covers whole fine ones.
        centres = [(np.arange(count) + 0.5) * step - 0.5 for count, step in zip(counts, steps, strict=True)]
        forward = tuple(axis_weights(c, n, step) for c, n, step in zip(centres, lengths, steps, strict=True))
        backward = tuple(
            axis_weights((np.arange(n) - c[0]) / step, count)
            for n, c, step, count in zip(lengths, centres, steps, counts, strict=True)
        )
        first = [part.start + c[0] for part, c in zip(box, centres, strict=True)]
        target = Grid(
            tuple(counts[::-1]), tuple(wanted[::-1]), tuple(canonical.to_physical(first[::-1])), canonical.direction
        )
        return cls(grid, target, orientation, box, forward, backward)

    def forward(self, array: np.ndarray, lowest: float | None = None) -> np.ndarray:
        """Bring ``array`` (zyx on the input grid) to the prepared grid, as float32, values raised to ``lowest``."""
        return resample(self.crop(array), self._forward, lowest)

    def crop(self, array: np.ndarray) -> np.ndarray:
        """View the box of ``array`` (zyx on the input grid) in canonical order, not resampled."""
        return self.orientation.apply(array)[self.box]

    def forward_region(self, located: LocatedRegion) -> np.ndarray:
        """Bring a region to the prepared grid (bool, zyx), by way of the input grid; cut at one half on either."""
        return resample_mask_twice(located.region, located.weights_of(self.box), self._forward)

    def backward(self, array: np.ndarray) -> np.ndarray:
        """Bring ``array`` (zyx on the prepared grid) back to the box of the canonical input grid, as float32."""
        return resample(array, self._backward)

    def reached(self, box: BoxZYX, margin_mm: float = 0.0) -> BoxZYX:
        """Return the part of `box` (as it lies in it) that takes values from ``box`` of the prepared grid.

        Parameters
        ----------
        box : tuple of slice, zyx
            A part of the prepared grid. An empty one reaches nothing, nor does one between two coarse input slices.
        margin_mm : float
            Widen the answer by this much on every side, within `box`.
        """
        reached = []
        for weights, side in zip(self._backward, box, strict=True):
            rows = np.flatnonzero(weights[:, side].any(axis=1))
            if not rows.size:
                return (slice(0, 0),) * 3
            reached.append(slice(int(rows[0]), int(rows[-1]) + 1))
        spacing_zyx = self.orientation.apply_to_grid(self.source).spacing[::-1]
        margin = tuple(math.ceil(margin_mm / step) for step in spacing_zyx)
        return grown(tuple(reached), margin, tuple(side.stop - side.start for side in self.box))

    def backward_part(self, array: np.ndarray, box: BoxZYX, to: BoxZYX) -> np.ndarray:
        """Bring a part of the prepared grid back, zeros around it.

        Parameters
        ----------
        array : ndarray, zyx
            Values of ``box`` of the prepared grid; all others are 0.
        to : tuple of slice, zyx
            The part of `box` that is wanted, as it lies in it.

        Returns
        -------
        ndarray, zyx, of ``to``, float32
            As `backward` of the whole array has it there.
        """
        sizes = [side.stop - side.start for side in to]
        if array.size == 0 or 0 in sizes:
            return np.zeros(sizes, dtype=np.float32)
        weights = (w[rows, columns] for w, rows, columns in zip(self._backward, to, box, strict=True))
        return resample(array, tuple(weights))

    def backward_labels(self, labels: np.ndarray, box: BoxZYX) -> tuple[np.ndarray, BoxZYX]:
        """Bring labels of a part of the prepared grid to the input grid, each voxel taking the nearest one's.

        Parameters
        ----------
        labels : ndarray, zyx
            Labels of ``box``.
        box : tuple of slice, zyx
            A part of the prepared grid that is not empty.

        Returns
        -------
        ndarray, tuple of slice
            Labels, and the part of the input grid (zyx as stored) that they cover.
        """
        # The nearest voxel is the one that interpolation gives the highest weight.
        nearest = [weights.argmax(axis=1) for weights in self._backward]
        inside = [np.flatnonzero((n >= side.start) & (n < side.stop)) for n, side in zip(nearest, box, strict=True)]
        picked = [n[i] - side.start for n, i, side in zip(nearest, inside, box, strict=True)]
        ends = [(i[0], i[-1] + 1) if i.size else (0, 0) for i in inside]
        covered = [slice(s.start + int(a), s.start + int(b)) for s, (a, b) in zip(self.box, ends, strict=True)]
        return self.restore(labels[np.ix_(*picked)], tuple(covered))

    def restore(self, array: np.ndarray, box: BoxZYX | None = None) -> tuple[np.ndarray, BoxZYX]:
        """View an array of a part of the canonical input grid (by default, `box`) in the input's own axis order.

        Returns
        -------
        ndarray, tuple of slice
            The array, and the part of the input grid (zyx as stored) that it covers.
        """
        shape = self.orientation.apply_to_grid(self.source).shape
        return self.orientation.undo(array), self.orientation.undo_box(box or self.box, shape)

    def embed(self, array: np.ndarray, box: BoxZYX | None = None) -> np.ndarray:
        """Put an array of a part of the canonical input grid (by default, `box`) onto the whole input grid.

        Around it are zeros. Nor are those of the array written: the system takes no memory until something is.
        """
        whole = np.zeros(self.source.shape, dtype=array.dtype)
        np.copyto(self.orientation.apply(whole)[box or self.box], array, where=array != 0)
        return whole
