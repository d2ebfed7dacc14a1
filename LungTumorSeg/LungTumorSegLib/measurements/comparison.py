"""A mask against a reference mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..volume import Volume
from .lesions import Lesion, find_lesions
from .overlap import dice, relative_error, shared_voxels, voxel_count
from .recist import axial_diameters
from .surface import surface_distances

TOLERANCE_MM = 1.0
"""Surfaces closer than this agree, for ``surface_dice_1mm``."""


def ignored_share(lesion: Lesion, ignore: Volume | None) -> float:
    """Share, from 0 to 1, of a lesion's voxels that lie under ``ignore``."""
    return 0.0 if ignore is None else float(np.count_nonzero(lesion.values(ignore.array))) / lesion.count


def without_ignored(lesions: Sequence[Lesion], ignore: Volume | None) -> list[Lesion]:
    """Take the voxels under ``ignore`` away; what is left of a lesion may be several."""
    kept: list[Lesion] = []
    for lesion in lesions:
        share = ignored_share(lesion, ignore)
        if share == 0.0:
            kept.append(lesion)
        elif share < 1.0:
            outside = lesion.voxels.array & (ignore.array[lesion.box] == 0)
            for part in find_lesions(lesion.voxels.with_array(outside)):
                corner = tuple(c + d for c, d in zip(lesion.corner, part.corner, strict=True))
                kept.append(replace(part, corner=corner))
    return kept


def compare(
    found: Sequence[Lesion], reference: Sequence[Lesion], ignore: Volume | None = None, *, surfaces: bool = True
) -> dict:
    """Compare a mask's lesions with those of a reference on the same grid.

    Voxels under ``ignore`` are taken out of both masks first, so they are neither hit nor miss nor false. What has no
    value is None, and ``notes`` says why:

    - Both masks empty: every measure is 0 / 0. There is nothing to overlap, so Dice is neither 0 (nothing was
      missed) nor 1 (which would lift a mean with every healthy scan); such a case is left out of means, and
      ``false_positives`` tells how it went.
    - Only the mask empty: Dice and surface Dice are 0, the relative errors 1; there is no HD95.
    - Only the reference empty: Dice and surface Dice are 0; there is no HD95 and nothing to be relative to.

    Parameters
    ----------
    found, reference : sequence of Lesion
        Lesions of the mask and of the reference.
    ignore : Volume, optional
        Voxels that are not 0 are left out.
    surfaces : bool
        Whether the surfaces are compared, which takes longest; without, ``hd95_mm`` and ``surface_dice_1mm`` are
        left out.

    Returns
    -------
    dict
        ``volume_ml``, ``long_axis_mm`` (of the reference), ``found_volume_ml`` (of the mask, without ignored voxels),
        ``dice``, ``relative_volume_error``,
        ``recist_relative_error``, ``hd95_mm``, ``surface_dice_1mm``, ``lesions``, ``false_positives``, ``notes``;
        plain Python types.

        ``recist_relative_error`` is ``min(|d - d_ref| / d_ref, 1)`` with the largest RECIST long axis of each mask.
        ``lesions`` has, for each reference lesion, ``found`` (any voxel in common) and ``dice`` with all the mask's
        lesions that touch it. ``false_positives`` counts the mask's lesions without a voxel in common with the
        reference, those more than half under ``ignore`` left out; ``false_positive_lesions`` says which of ``found``
        they are, counted from 0.
    """
    mine, theirs = without_ignored(found, ignore), without_ignored(reference, ignore)
    long_axis, reference_long_axis = _longest(mine), _longest(theirs)
    shared = shared_voxels(mine, theirs)
    false_positives = _false_positives(found, theirs, ignore)
    return _compare_wholes(mine, theirs, shared, surfaces) | {
        "long_axis_mm": reference_long_axis,
        "recist_relative_error": recist_error(long_axis, reference_long_axis) if theirs else None,
        "lesions": [_detection(lesion, mine, common) for lesion, common in zip(theirs, shared.T, strict=True)],
        "false_positives": len(false_positives),
        "false_positive_lesions": false_positives,
        "notes": _notes(mine, theirs, ignore),
    }


def compare_organs(
    found: Sequence[Lesion], reference: Sequence[Lesion], ignore: Volume | None = None, *, surfaces: bool = True
) -> dict:
    """Compare what is no lesion, as wholes: parameters and keys as in `compare`.

    ``found`` and ``reference`` are of `LungTumorSegLib.measurements.lesions.as_one`. Nothing has a RECIST axis, and
    nothing is counted: ``long_axis_mm`` and ``recist_relative_error`` are None, ``lesions`` and ``false_positives``
    nothing and 0.
    """
    mine, theirs = without_ignored(found, ignore), without_ignored(reference, ignore)
    return _compare_wholes(mine, theirs, shared_voxels(mine, theirs), surfaces) | {
        "long_axis_mm": None,
        "recist_relative_error": None,
        "lesions": [],
        "false_positives": 0,
        "false_positive_lesions": [],
        "notes": _notes(mine, theirs, ignore),
    }


def _compare_wholes(mine: Sequence[Lesion], theirs: Sequence[Lesion], shared: np.ndarray, surfaces: bool) -> dict:
    """Compare volumes, overlap and surfaces; ``shared`` are the voxels that each two have in common."""
    volume, reference_volume = (float(sum(lesion.volume_ml for lesion in lesions)) for lesions in (mine, theirs))
    result = {
        "volume_ml": reference_volume,
        "found_volume_ml": volume,
        "dice": dice(int(shared.sum()), voxel_count(mine), voxel_count(theirs)) if mine or theirs else None,
        "relative_volume_error": relative_error(volume, reference_volume) if theirs else None,
    }
    return result | (_compare_surfaces(mine, theirs) if surfaces else {})


def recist_error(long_axis_mm: float, reference_mm: float) -> float:
    """``min(|d - d_ref| / d_ref, 1)`` of the longest axes."""
    return min(relative_error(long_axis_mm, reference_mm), 1.0)


def _compare_surfaces(mine: Sequence[Lesion], theirs: Sequence[Lesion]) -> dict:
    if not (mine and theirs):
        return {"hd95_mm": None, "surface_dice_1mm": 0.0 if mine or theirs else None}
    distances = surface_distances(mine, theirs)
    return {"hd95_mm": distances.hausdorff_mm(95.0), "surface_dice_1mm": distances.surface_dice(TOLERANCE_MM)}


def _longest(lesions: Sequence[Lesion]) -> float:
    """Largest long axis in mm, 0 without a lesion."""
    longest = 0.0
    for lesion in lesions:
        grid = lesion.voxels.grid
        # In a mask full of specks most need no closer look: their box is smaller.
        if np.linalg.norm(np.multiply(grid.size, grid.spacing)) > longest:
            longest = max(longest, axial_diameters(lesion).long_axis.length_mm)
    return longest


def _detection(lesion: Lesion, mine: Sequence[Lesion], common: np.ndarray) -> dict:
    """Describe a reference lesion; ``common`` are the voxels that it shares with each of ``mine``."""
    touching = [mine[k] for k in np.flatnonzero(common)]
    return {
        "volume_ml": lesion.volume_ml,
        "long_axis_mm": axial_diameters(lesion).long_axis.length_mm,
        "centroid_lps_mm": lesion.centroid.tolist(),
        "found": bool(touching),
        "dice": dice(int(common.sum()), voxel_count(touching), lesion.count),
    }


def _false_positives(found: Sequence[Lesion], theirs: Sequence[Lesion], ignore: Volume | None) -> list[int]:
    missing = np.flatnonzero(~shared_voxels(found, theirs).any(axis=1))
    return [int(number) for number in missing if ignored_share(found[number], ignore) <= 0.5]


def _notes(mine: Sequence[Lesion], theirs: Sequence[Lesion], ignore: Volume | None) -> list[str]:
    outside = "" if ignore is None else " outside of the ignored voxels"
    if not mine and not theirs:
        return [
            f"Mask and reference are both empty{outside}: there is nothing to overlap, so no measure has a value, "
            "and the case belongs in no mean."
        ]
    if not mine:
        return [f"The mask is empty{outside}: Dice is 0, the relative errors are 1, and HD95 has no value."]
    if not theirs:
        return [
            f"The reference is empty{outside}: Dice is 0 because the mask is not empty; the relative errors and HD95 "
            "have no value."
        ]
    return []
