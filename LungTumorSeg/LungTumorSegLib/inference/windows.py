"""Where the windows of a sliding window lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from ..volume.boxes import Box

Triple = tuple[int, int, int]
LATTICES = ("stepped", "even", "body_centred")


class Window(NamedTuple):
    """One window.

    Attributes
    ----------
    image : tuple of slice, zyx
        The part of the image that the window sees.
    inside : tuple of slice, zyx
        Where this part lies in the window: all of it, save along axes where the image is smaller than the window.
    kept : tuple of slice, zyx
        The part of the image about which the window's answer counts: all that it sees, or its centre alone.
    """

    image: Box
    inside: Box
    kept: Box

    @property
    def first(self) -> Triple:
        """Position (zyx) of the window's first voxel, which no other window of its grid has."""
        return tuple(seen.start - inside.start for seen, inside in zip(self.image, self.inside, strict=True))


@dataclass(frozen=True)
class WindowGrid:
    """All the windows over one image.

    Attributes
    ----------
    shape, size : tuple of int, zyx
        Shape of the image, and of every window.
    starts : tuple of tuple of int, zyx
        Positions of the first voxel along each axis; the windows are their Cartesian product, z slowest. The only
        position is negative where the image is smaller than the window: the image lies in the window's middle.
    centres : bool
        Whether each voxel is left to the window whose centre is nearest along every axis, to the first of two equally
        near; the windows' ``kept`` parts are then boxes that cover the image once.
    between : tuple of tuple of int, zyx, or None
        Positions of more windows, which are the product of these, beside those of ``starts``.
    """

    shape: Triple
    size: Triple
    starts: tuple[tuple[int, ...], ...]
    centres: bool = False
    between: tuple[tuple[int, ...], ...] | None = None

    @classmethod
    def over(
        cls, shape: Triple, size: Triple, overlap: float, centres: bool = False, lattice: str = "stepped"
    ) -> WindowGrid:
        """Lay windows of ``size`` (zyx) over an image of ``shape`` (zyx), neighbours sharing ``overlap`` of it.

        Parameters
        ----------
        lattice : {"stepped", "even", "body_centred"}
            See `SlidingWindow`.
        """
        if lattice == "stepped":
            starts = tuple(axis_starts(n, w, overlap) for n, w in zip(shape, size, strict=True))
            return cls(tuple(shape), tuple(size), starts, centres)
        steps = [axis_step(w, overlap) for w in size]
        if lattice == "body_centred":
            steps = [min(2 * step, w) for step, w in zip(steps, size, strict=True)]
        starts = tuple(axis_spread(n, w, step) for n, w, step in zip(shape, size, steps, strict=True))
        between = tuple(axis_between(along) for along in starts) if lattice == "body_centred" else None
        return cls(tuple(shape), tuple(size), starts, centres, between)

    def thinned(self, overlap: float) -> WindowGrid:
        """Keep the fewest of these windows of which neighbours share about ``overlap`` of a window, or more.

        They cover the image as all of them do, and are spread evenly.
        """
        steps = (axis_step(size, overlap) for size in self.size)
        starts = tuple(axis_thinned(*axis) for axis in zip(self.starts, steps, strict=True))
        return replace(self, starts=starts, between=None)

    @property
    def total(self) -> int:
        """Number of windows that cover the image."""
        total = math.prod(len(along) for along in self.starts)
        if self.between is None:
            return total
        twice = math.prod(len({*a} & {*b}) for a, b in zip(self.starts, self.between, strict=True))
        return total + math.prod(len(along) for along in self.between) - twice

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """Voxels that windows have before and after the image, zyx; (0, 0) save where the image is smaller."""
        sizes = zip(self.shape, self.size, strict=True)
        return tuple((max(w - n, 0) // 2, max(w - n, 0) - max(w - n, 0) // 2) for n, w in sizes)

    def windows(self, region: np.ndarray | None = None, box: Box | None = None) -> list[Window]:
        """List the windows; with ``region`` (bool, zyx, of the image or of ``box``) those that keep some of it."""
        if self.between is not None:
            grids = replace(self, between=None), replace(self, starts=self.between, between=None)
            listed = {window.first: window for grid in grids for window in grid.windows(region, box)}
            return list(listed.values())
        kept = self._kept()
        if region is None:
            return [self._window(index, kept) for index in product(*(range(len(starts)) for starts in self.starts))]
        corner = (0, 0, 0) if box is None else tuple(side.start for side in box)
        parts = [
            [slice(max(part.start - first, 0), max(part.stop - first, 0)) for part in along]
            for along, first in zip(kept, corner, strict=True)
        ]
        return [self._window(index, kept) for index in np.argwhere(_touched(region, parts))]

    def _window(self, index, kept: list[list[slice]]) -> Window:
        image, inside = [], []
        for number, starts, size, length in zip(index, self.starts, self.size, self.shape, strict=True):
            first = starts[number]
            low, high = max(first, 0), min(first + size, length)
            image.append(slice(low, high))
            inside.append(slice(low - first, high - first))
        own = tuple(parts[number] for parts, number in zip(kept, index, strict=True))
        return Window(tuple(image), tuple(inside), own)

    def _kept(self) -> list[list[slice]]:
        """Return for each axis the part that each window keeps."""
        axes = zip(self.starts, self.size, self.shape, strict=True)
        if self.centres:
            return [axis_centres(*axis) for axis in axes]
        return [[slice(max(s, 0), min(s + size, length)) for s in starts] for starts, size, length in axes]


def _touched(region: np.ndarray, kept: list[list[slice]]) -> np.ndarray:
    """Tell for every window, by its number along each axis, whether it keeps a voxel of ``region``."""
    # Windows are products of intervals, so "any" is taken along one axis after the other.
    touched = region
    for axis, parts in enumerate(kept):
        layers = np.moveaxis(touched, axis, 0)
        touched = np.stack([layers[part].any(axis=0) for part in parts], axis=axis)
    return touched


def axis_starts(length: int, size: int, overlap: float) -> tuple[int, ...]:
    """Positions of windows along one axis.

    Windows step by ``int(size * (1 - overlap))`` voxels, at least one, and the last is moved back to end with the
    image (the convention of MONAI's sliding window, so that results can be compared).
    """
    if length <= size:
        return (-((size - length) // 2),)
    return (*range(0, length - size, axis_step(size, overlap)), length - size)


def axis_spread(length: int, size: int, step: int) -> tuple[int, ...]:
    """Positions of the fewest windows along one axis that are at most ``step`` apart, spread evenly."""
    if length <= size:
        return (-((size - length) // 2),)
    intervals = -(-(length - size) // step)
    return tuple(round(k * (length - size) / intervals) for k in range(intervals + 1))


def axis_between(starts: tuple[int, ...]) -> tuple[int, ...]:
    """Positions in the middle between neighbours along one axis; the only one, where there are no neighbours."""
    return tuple((one + other) // 2 for one, other in pairwise(starts)) or starts


def axis_step(size: int, overlap: float) -> int:
    """From one window of ``size`` voxels to the next that shares ``overlap`` of it."""
    return max(int(size * (1 - overlap)), 1)


def axis_thinned(starts: tuple[int, ...], step: int) -> tuple[int, ...]:
    """Leave out starts along one axis as long as none that stay are more than ``step`` apart; the ends stay."""
    last = len(starts) - 1
    if last == 0:
        return starts
    at_once = max(step // (starts[1] - starts[0]), 1)
    chosen = np.linspace(0, last, -(-last // at_once) + 1).round().astype(int)
    return tuple(starts[k] for k in chosen)


def axis_centres(starts: tuple[int, ...], size: int, length: int) -> list[slice]:
    """Share the voxels of one axis out among the windows along it: each to the one whose centre is nearest.

    Parameters
    ----------
    starts : tuple of int
        Rising positions of the windows' first voxels.
    size, length : int
        Of a window, and of the image.

    Returns
    -------
    list of slice
        One a window; they follow one another from 0 to ``length``.
    """
    # A voxel lies as near to one centre as to the next where it lies midway between the centres of both windows.
    ends = [(first + second + size - 1) // 2 + 1 for first, second in pairwise(starts)]
    return [slice(low, high) for low, high in pairwise([0, *ends, length])]
