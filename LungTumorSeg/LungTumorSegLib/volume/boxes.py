"""Boxes: the part of an array where something is."""

from __future__ import annotations

import numpy as np

Box = tuple[slice, slice, slice]


def bounding_box(array: np.ndarray) -> Box:
    """Return the smallest box (zyx) that holds every voxel of ``array`` (zyx) that is not 0.

    Where there is none the box is empty: slices from 0 to 0.
    """
    box = [slice(0, n) for n in array.shape]
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(array[tuple(box)].any(axis=others))
        if not filled.size:
            return (slice(0, 0),) * 3
        # Later axes are looked at inside the earlier ones' range only.
        box[axis] = slice(box[axis].start + int(filled[0]), box[axis].start + int(filled[-1]) + 1)
    return tuple(box)


def grown(box: Box, margin_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> Box:
    """Widen ``box`` by ``margin_zyx`` voxels on either side, inside an array of ``shape_zyx``."""
    sides = zip(box, margin_zyx, shape_zyx, strict=True)
    return tuple(slice(max(side.start - margin, 0), min(side.stop + margin, n)) for side, margin, n in sides)


def inside(box: Box, outer: Box) -> Box:
    """Return where ``box`` lies in an array that was cut out by ``outer``."""
    return tuple(slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, outer, strict=True))


def shifted(box: Box, outer: Box) -> Box:
    """Return where ``box``, of an array that was cut out by ``outer``, lies in the whole: the inverse of `inside`."""
    return tuple(slice(b.start + o.start, b.stop + o.start) for b, o in zip(box, outer, strict=True))
