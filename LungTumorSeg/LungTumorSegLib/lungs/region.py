"""The lung region of a chest CT: where tumours are looked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..volume import Volume
from ..volume.orientation import Orientation
from .airspace import lung_air
from .coarse import CoarseCT, LocatedRegion
from .morphology import close, dilate, dilate_slices, without_cavities
from .spine import mirrored, spine_axis

CLOSING_MM = 10.0  # joins what vessels and small lesions part
DILATION_MM = 8.0


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


@dataclass(frozen=True, eq=False)
class LocatedLungs(LocatedRegion):
    """Lungs on the coarse grid.

    Attributes
    ----------
    lungs, region : ndarray of bool, zyx
        As in `LungRegion`, in canonical order on the coarse grid.
    midline : ndarray of float, (slices,)
        As in `LungRegion`.
    """

    lungs: np.ndarray
    midline: np.ndarray


def find_lungs(ct: Volume, dilation_mm: float = DILATION_MM, in_slices: bool = False) -> LungRegion:
    """Isolate the lung region on the CT's own grid; parameters and errors as in `locate_lungs`."""
    located, undo = locate_lungs(ct, dilation_mm, in_slices), Orientation.of(ct.grid).undo
    masks = (undo(located.on_fine_grid(mask)) for mask in (located.lungs, located.region))
    return LungRegion(*masks, located.midline)


def locate_lungs(ct: Volume, dilation_mm: float = DILATION_MM, in_slices: bool = False) -> LocatedLungs:
    """Isolate the lung region, also of a lung that has collapsed.

    Parameters
    ----------
    ct : Volume
        Chest CT in HU on any grid.
    dilation_mm : float
        Margin of the region around the lungs and their mirror image.
    in_slices : bool
        Whether that margin is a disc within each axial slice, rather than a ball.

    Raises
    ------
    InputError
        Where no lungs are found.
    """
    coarse = CoarseCT.of(ct)
    body, spacing = coarse.body, coarse.spacing
    air = lung_air(coarse.hu, body, spacing)
    if not air.any():
        raise InputError("no lungs were found in this CT", do="give a chest CT in HU, or a recipe with 'region: all'")
    lungs = without_cavities(close(air, CLOSING_MM, spacing))
    axis = spine_axis(coarse.hu, body, lungs, spacing[2])
    both = close(lungs | (mirrored(lungs, axis) & body), CLOSING_MM, spacing)
    region = (dilate_slices if in_slices else dilate)(both, dilation_mm, spacing)

    step = coarse.centres[2][1] - coarse.centres[2][0] if len(coarse.centres[2]) > 1 else 1.0
    slices = np.arange(len(coarse.to_fine[0]))
    midline = np.interp(slices, coarse.centres[0], coarse.centres[2][0] + axis * step)
    return LocatedLungs(region, coarse.to_fine, lungs, midline)
