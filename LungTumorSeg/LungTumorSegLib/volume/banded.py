"""Products with the matrices of linear resampling, whose rows hold a few weights beside each other and else zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BAND = 16  # rows of a matrix at a time: enough for a product to be worth a call, few enough to leave most zeros out


@dataclass(frozen=True, eq=False)
class BandedMatrix:
    """A matrix as its bands.

    Attributes
    ----------
    rows : int
        Of the matrix.
    bands : list of (slice, slice, ndarray)
        Some of the rows, the columns that hold their weights, and these weights.
    """

    rows: int
    bands: list[tuple[slice, slice, np.ndarray]]

    @classmethod
    def of(cls, matrix: np.ndarray) -> BandedMatrix:
        """Cut a matrix into bands; nothing is copied."""
        rows, columns = matrix.shape
        if columns == 0:
            return cls(rows, [(slice(0, rows), slice(0, 0), matrix)])
        filled = matrix != 0
        some = filled.any(axis=1)
        first = np.where(some, filled.argmax(axis=1), columns)
        stop = np.where(some, columns - filled[:, ::-1].argmax(axis=1), 0)
        bands = []
        for start in range(0, rows, BAND):
            band = slice(start, min(start + BAND, rows))
            used = slice(int(first[band].min()), int(stop[band].max()))
            bands.append((band, used, matrix[band, used]))
        return cls(rows, bands)

    def along_x(self, array: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Apply the matrix along the last axis of ``array`` (zyx, float32)."""
        out = np.empty((*array.shape[:2], self.rows), dtype=np.float32) if out is None else out
        for band, used, weights in self.bands:
            np.matmul(array[..., used], weights.T, out=out[..., band])
        return out

    def along_y(self, array: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Apply the matrix along the second axis of ``array`` (zyx, float32)."""
        out = np.empty((len(array), self.rows, array.shape[2]), dtype=np.float32) if out is None else out
        for band, used, weights in self.bands:
            np.matmul(weights, array[:, used], out=out[:, band])
        return out

    def along_z(self, array: np.ndarray) -> np.ndarray:
        """Apply the matrix along the first axis of ``array`` (zyx, float32, contiguous)."""
        return self.along_y(array.reshape(1, len(array), -1)).reshape(self.rows, *array.shape[1:])
