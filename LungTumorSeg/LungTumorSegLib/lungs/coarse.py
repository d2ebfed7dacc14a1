"""A CT on the coarse grid on which bodies and lungs are found, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..volume import Volume
from ..volume.boxes import Box, bounding_box
from ..volume.orientation import Orientation
from ..volume.resampling import AIR, Weights, axis_weights, resample, resample_mask, resample_where
from .airspace import body_mask

COARSE_MM = 2.5  # about the spacing of the coarse grid; borders of what is found are interpolated back
PADDING_HU = -1100.0  # scanners fill what lies beyond their circle with -2000, -3024 or the like


@dataclass(frozen=True, eq=False)
class CoarseCT:
    """A CT in canonical order (superior, posterior, left) on a grid of about `COARSE_MM`.

    Attributes
    ----------
    hu : ndarray, zyx
    padding : ndarray of bool, zyx
        Where the scanner measured nothing.
    spacing : tuple of float, zyx
        mm.
    centres : tuple of ndarray, zyx
        Where the coarse voxels' centres lie, in voxels of the CT in canonical order.
    to_fine : tuple of ndarray, zyx
        Weights (`LungTumorSegLib.volume.resampling`) that bring a coarse array back to the CT in canonical order.
    """

    hu: np.ndarray
    padding: np.ndarray
    spacing: tuple[float, float, float]
    centres: Weights
    to_fine: Weights

    @classmethod
    def of(cls, ct: Volume) -> CoarseCT:
        """Resample a CT in HU on any grid."""
        orientation = Orientation.of(ct.grid)
        hu_fine = orientation.apply(ct.array)
        spacing_fine = orientation.apply_to_grid(ct.grid).spacing[::-1]
        centres = tuple(_coarse_centres(n, s) for n, s in zip(hu_fine.shape, spacing_fine, strict=True))
        steps = [c[1] - c[0] if len(c) > 1 else 1.0 for c in centres]
        weights = tuple(axis_weights(c, n, w) for c, n, w in zip(centres, hu_fine.shape, steps, strict=True))
        return cls(
            hu=resample(hu_fine, weights, lowest=AIR),
            padding=resample_where(hu_fine, PADDING_HU, weights),
            spacing=tuple(step * s for step, s in zip(steps, spacing_fine, strict=True)),
            centres=centres,
            to_fine=tuple(_fine_weights(c, n) for c, n in zip(centres, hu_fine.shape, strict=True)),
        )

    @cached_property
    def body(self) -> np.ndarray:
        """The patient without the couch: bool, zyx."""
        return body_mask(self.hu, self.padding, self.spacing)


@dataclass(frozen=True, eq=False)
class LocatedRegion:
    """A region on the coarse grid that it was found on, from which any part of the fine one can be had.

    Attributes
    ----------
    region : ndarray of bool, zyx
        In canonical order on the coarse grid; not empty.
    to_fine : tuple of ndarray, zyx
        Of `CoarseCT`.
    """

    region: np.ndarray
    to_fine: Weights

    def on_part(self, box: Box) -> np.ndarray:
        """Return the region on a box of the CT's own grid in canonical order: bool, zyx."""
        return resample_mask(self.region, self.weights_of(box))

    def weights_of(self, box: Box) -> Weights:
        """Return the rows of `to_fine` that make up a box of the CT's own grid in canonical order."""
        return tuple(weights[side] for weights, side in zip(self.to_fine, box, strict=True))

    def bounding_box(self) -> Box:
        """Return the smallest box of the CT's own grid, in canonical order, that holds the region.

        Where the region holds no voxel of that grid, an empty one at the place of the coarse region.
        """
        coarse = bounding_box(self.region)
        touched = (w[:, side].any(axis=1) for w, side in zip(self.to_fine, coarse, strict=True))
        box = [slice(int(rows.argmax()), len(rows) - int(rows[::-1].argmax())) for rows in touched]
        for axis, side in enumerate(box):
            # The region ends within a few layers of what weights touch: layers are looked at from either end.
            filled = (k for k in range(side.start, side.stop) if self._holds(box, axis, k))
            first = next(filled, None)
            if first is None:
                return tuple(slice(side.start, side.start) for side in box)
            last = next(k for k in range(side.stop - 1, first - 1, -1) if k == first or self._holds(box, axis, k))
            box[axis] = slice(first, last + 1)
        return tuple(box)

    def _holds(self, box: list[slice], axis: int, layer: int) -> bool:
        """Tell whether a layer of a box of the CT's own grid has some of the region."""
        return bool(self.on_part((*box[:axis], slice(layer, layer + 1), *box[axis + 1 :])).any())

    def on_fine_grid(self, mask: np.ndarray) -> np.ndarray:
        """Bring a mask from the coarse grid to the CT's own grid, in canonical order."""
        return resample_mask(mask, self.to_fine)


def _coarse_centres(size: int, spacing: float) -> np.ndarray:
    """Centres, in voxels, of coarse voxels that together span the fine ones."""
    count = max(1, round(size * spacing / COARSE_MM)) if spacing < COARSE_MM else size
    step = size / count
    return (np.arange(count) + 0.5) * step - 0.5


def _fine_weights(centres: np.ndarray, size: int) -> np.ndarray:
    step = centres[1] - centres[0] if len(centres) > 1 else 1.0
    return axis_weights((np.arange(size) - centres[0]) / step, len(centres))
