"""The lung region of a chest CT: where tumours are looked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..volume import Volume
from ..volume.orientation import Orientation
from ..volume.resampling import AIR, axis_weights, resample, resample_mask
from .airspace import body_mask, close, dilate, lung_air
from .spine import mirrored, spine_axis

COARSE_MM = 2.5  # lungs are found on a grid of about this spacing; their borders are interpolated back
CLOSING_MM = 10.0  # joins what vessels and small lesions part
DILATION_MM = 8.0
PADDING_HU = -1100.0  # scanners fill what lies beyond their circle with -2000, -3024 or the like


@dataclass(frozen=True, eq=False)
class LungRegion:
    """What `find_lungs` finds, on the input's own grid.

    Attributes
    ----------
    lungs : ndarray of bool, zyx
        Air-filled lungs with the vessels and lesions that a closing takes in.
    region : ndarray of bool, zyx
        ``lungs`` united with their mirror image about the spine and dilated: holds collapsed and consolidated lung.
    midline : ndarray of float, (slices,)
        Where the spine lies across the patient in each axial slice, in voxels of the canonical order
        (`LungTumorSegLib.volume.orientation.Orientation.apply`): slices from the feet up, voxels from right to left.
    """

    lungs: np.ndarray
    region: np.ndarray
    midline: np.ndarray


def find_lungs(ct: Volume) -> LungRegion:
    """Isolate the lung region, also of a lung that has collapsed.

    Parameters
    ----------
    ct : Volume
        Chest CT in HU on any grid.

    Raises
    ------
    InputError
        Where no lungs are found.
    """
    orientation = Orientation.of(ct.grid)
    hu_fine = orientation.apply(ct.array)
    spacing_fine = orientation.apply_to_grid(ct.grid).spacing[::-1]
    centres = [_coarse_centres(n, s) for n, s in zip(hu_fine.shape, spacing_fine, strict=True)]
    steps = [c[1] - c[0] if len(c) > 1 else 1.0 for c in centres]
    spacing = tuple(step * s for step, s in zip(steps, spacing_fine, strict=True))

    weights = tuple(axis_weights(c, n, w) for c, n, w in zip(centres, hu_fine.shape, steps, strict=True))
    hu = resample(hu_fine, weights, lowest=AIR)
    padding = resample_mask(hu_fine < PADDING_HU, weights)
    body = body_mask(hu, padding, spacing)
    air = lung_air(hu, body, spacing)
    if not air.any():
        raise InputError("no lungs were found in this CT", do="give a chest CT in HU, or a recipe with 'region: all'")
    lungs = close(air, CLOSING_MM, spacing)
    axis = spine_axis(hu, body, lungs, spacing[2])
    region = dilate(close(lungs | (mirrored(lungs, axis) & body), CLOSING_MM, spacing), DILATION_MM, spacing)

    back = tuple(_fine_weights(c, n) for c, n in zip(centres, hu_fine.shape, strict=True))
    midline = np.interp(np.arange(len(hu_fine)), centres[0], centres[2][0] + axis * steps[2])
    return LungRegion(*(orientation.undo(resample_mask(mask, back)) for mask in (lungs, region)), midline)


def _coarse_centres(size: int, spacing: float) -> np.ndarray:
    """Centres, in voxels, of coarse voxels that together span the fine ones."""
    count = max(1, round(size * spacing / COARSE_MM)) if spacing < COARSE_MM else size
    step = size / count
    return (np.arange(count) + 0.5) * step - 0.5


def _fine_weights(centres: np.ndarray, size: int) -> np.ndarray:
    step = centres[1] - centres[0] if len(centres) > 1 else 1.0
    return axis_weights((np.arange(size) - centres[0]) / step, len(centres))
