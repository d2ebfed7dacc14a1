"""Where the windows of a sliding window lie."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
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
    """

    image: Box
    inside: Box


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
    """

    shape: Triple
    size: Triple
    starts: tuple[tuple[int, ...], ...]

    @classmethod
    def over(cls, shape: Triple, size: Triple, overlap: float) -> WindowGrid:
        """Lay windows of ``size`` (zyx) over an image of ``shape`` (zyx), neighbours sharing ``overlap`` of it."""
        starts = tuple(axis_starts(n, w, overlap) for n, w in zip(shape, size, strict=True))
        return cls(tuple(shape), tuple(size), starts)

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
        """List the windows; with ``region`` (bool, zyx), those that hold at least one of its voxels."""
        if region is None:
            return [self._window(start) for start in product(*self.starts)]
        touched = self._touched(region)
        return [
            self._window([s[i] for s, i in zip(self.starts, index, strict=True)]) for index in np.argwhere(touched)
        ]

    def _window(self, start) -> Window:
        image, inside = [], []
        for first, size, length in zip(start, self.size, self.shape, strict=True):
            low, high = max(first, 0), min(first + size, length)
            image.append(slice(low, high))
            inside.append(slice(low - first, high - first))
        return Window(tuple(image), tuple(inside))

    def _touched(self, region: np.ndarray) -> np.ndarray:
        """Tell for every window, indexed as ``starts``, whether it holds a voxel of ``region``."""
        # Windows are products of intervals, so "any" is taken along one axis after the other.
        touched = region
        for axis, (starts, size) in enumerate(zip(self.starts, self.size, strict=True)):
            layers = np.moveaxis(touched, axis, 0)
            touched = np.stack([layers[max(s, 0) : s + size].any(axis=0) for s in starts], axis=axis)
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
