"""Where the windows of a sliding window lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from ..volume.boxes import Box

Triple = tuple[int, int, int]


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
    """

    shape: Triple
    size: Triple
    starts: tuple[tuple[int, ...], ...]
    centres: bool = False

    @classmethod
    def over(cls, shape: Triple, size: Triple, overlap: float, centres: bool = False) -> WindowGrid:
        """Lay windows of ``size`` (zyx) over an image of ``shape`` (zyx), neighbours sharing ``overlap`` of it."""
        starts = tuple(axis_starts(n, w, overlap) for n, w in zip(shape, size, strict=True))
        return cls(tuple(shape), tuple(size), starts, centres)

    @property
    def total(self) -> int:
        """Number of windows that cover the image."""
        return int(np.prod([len(starts) for starts in self.starts]))

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """Voxels that windows have before and after the image, zyx; (0, 0) save where the image is smaller."""
        sizes = zip(self.shape, self.size, strict=True)
        return tuple((max(w - n, 0) // 2, max(w - n, 0) - max(w - n, 0) // 2) for n, w in sizes)

    def windows(self, region: np.ndarray | None = None) -> list[Window]:
        """List the windows; with ``region`` (bool, zyx), those that keep at least one of its voxels."""
        kept = self._kept()
        if region is None:
            return [self._window(index, kept) for index in product(*(range(len(starts)) for starts in self.starts))]
        return [self._window(index, kept) for index in np.argwhere(_touched(region, kept))]

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
    step = max(int(size * (1 - overlap)), 1)
    return (*range(0, length - size, step), length - size)


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
