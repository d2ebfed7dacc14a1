"""Closed contours to the pixels that they enclose."""

from __future__ import annotations

import numpy as np


def fill_even_odd(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Find the pixels whose centre lies inside an odd number of closed polygons.

    A contour inside another one is therefore a hole, and so is what a contour goes round that runs to an inner border
    and back along one line ("keyhole"). The rule is that of ray casting (Shimrat 1962), here along the rows: what
    counts is the number of borders on a pixel's left.

    Parameters
    ----------
    polygons : list of ndarray of shape (n, 2), xy
        Corners in pixels; (0, 0) is the centre of the first pixel. The last corner is joined with the first.
    shape : (rows, columns)

    Returns
    -------
    ndarray of bool, yx
    """
    rows, columns = shape
    borders = np.zeros((rows, columns + 1), dtype=np.int32)
    for polygon in polygons:
        x, y = np.asarray(polygon, dtype=float).T
        next_x, next_y = np.roll(x, -1), np.roll(y, -1)
        first, last = max(0, int(np.ceil(y.min()))), min(rows - 1, int(np.floor(y.max())))
        lines = np.arange(first, last + 1)[:, None]
        # Half open, so that a corner on a line counts once.
        line, edge = np.nonzero((y <= lines) != (next_y <= lines))
        along = (line + first - y[edge]) / (next_y - y)[edge]
        crossing = x[edge] + along * (next_x - x)[edge]
        np.add.at(borders, (line + first, np.clip(np.ceil(crossing), 0, columns).astype(int)), 1)
    return np.cumsum(borders[:, :-1], axis=1) % 2 == 1
