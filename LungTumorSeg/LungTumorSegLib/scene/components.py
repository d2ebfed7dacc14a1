"""The lesions of a mask, the same objects for as long as their voxels are the same; and organs, as wholes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from weakref import WeakValueDictionary

import numpy as np

from ..errors import InputError
from ..measurements.lesions import Lesion, as_one, find_lesions
from ..volume import Grid, Volume
from ..volume.lattices import offset_on
from .alignment import aligned

MOST_LESIONS = 1000
_MOST_MASKS = 16  # that are remembered: some segments, what was rejected of them, and references
_MASKS: OrderedDict[bytes, list[Lesion]] = OrderedDict()
_LESIONS: WeakValueDictionary[tuple, Lesion] = WeakValueDictionary()


def lesions_of(mask: Volume, lattice: Grid, where: str) -> list[Lesion]:
    """Return a mask's lesions, whose indices count on ``lattice``.

    A lesion that was there before is the same object, which knows what was measured of it: so an edit costs as much as
    the lesion that was edited, and a reference that is compared with again costs next to nothing.

    Parameters
    ----------
    mask : Volume
        Cut to its box. Where its voxels do not coincide with those of ``lattice`` it is resampled.
    lattice : Grid
    where : str
        Whose mask it is, for the message.

    Raises
    ------
    InputError
        It has so many separate parts (more than `MOST_LESIONS`) that they must be specks, as a threshold leaves them.
    """
    key = _digest(mask.array, mask.grid, lattice)
    if key not in _MASKS:
        _MASKS[key] = _find(mask, lattice)
        if len(_MASKS) > _MOST_MASKS:
            _MASKS.popitem(last=False)
    _MASKS.move_to_end(key)
    lesions = _MASKS[key]
    if len(lesions) > MOST_LESIONS:
        what = f"it has {len(lesions)} separate parts, more than can be lesions"
        raise InputError(what, where, "remove the specks (Segment Editor, Islands)")
    return lesions


def whole_of(mask: Volume, lattice: Grid, where: str) -> list[Lesion]:
    """Return an organ as a single region whose indices count on ``lattice``; nothing of an empty mask.

    Parameters are those of `lesions_of`.
    """
    if not mask.array.any():
        return []
    mask = aligned(mask, lattice)
    return [_moved(region, offset_on(lattice, mask.grid)) for region in as_one(mask, [1])]


def _moved(lesion: Lesion, first: tuple[int, ...]) -> Lesion:
    """Count a lesion's indices from elsewhere: ``first`` (xyz) is the index of what was the first voxel."""
    return replace(lesion, corner=tuple(int(n + c) for n, c in zip(first, lesion.corner, strict=True)))


def _find(mask: Volume, lattice: Grid) -> list[Lesion]:
    if not mask.array.any():
        return []
    mask = aligned(mask, lattice)
    first = offset_on(lattice, mask.grid)
    found = []
    for lesion in find_lesions(mask):
        lesion = _moved(lesion, first)
        key = lesion.corner, _digest(lesion.voxels.array, lesion.voxels.grid, lattice)
        found.append(_LESIONS.setdefault(key, lesion))
    return found


def _digest(array: np.ndarray, *grids: Grid) -> bytes:
    """Return a checksum of a mask (zyx) and the grids that belong to it."""
    whole = hashlib.sha256(np.packbits(array))
    for grid in grids:
        whole.update(repr(grid.size).encode() + np.round(grid.affine, 6).tobytes())
    return whole.digest()
