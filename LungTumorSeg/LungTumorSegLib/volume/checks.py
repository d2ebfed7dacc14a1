"""What a volume must be to be worked on: geometry, values, and one grid for what belongs together.

The bounds are wide; they are meant for broken headers and for what is not a CT at all, not for unusual scans.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from .grid import Grid
from .image import Volume

MIN_SPACING_MM, MAX_SPACING_MM = 0.05, 20.0
MAX_EXTENT_MM = 3000.0
# As far as the columns of the direction may be from orthonormal, entry by entry of their products; rounding of a
# NIfTI header to float32 makes 1e-7, a shear that ITK would refuse to read back makes more.
MAX_SKEW = 1e-4

AIR_BELOW_HU = -500
SOFT_TISSUE_HU = (-200, 300)
MIN_AIR_SHARE = 0.001
MIN_SOFT_TISSUE_SHARE = 0.005
OFFSET_PEAK_SHARE = 0.05  # of each, for a guess at a CT with 1024 added


def check_grid(grid: Grid, where: str | Path) -> None:
    """Raise `InputError` unless ``grid`` is a believable 3D grid of a body.

    Each axis has at least two voxels, a spacing from 0.05 to 20 mm and an extent up to 3 m; everything is finite;
    the direction's columns are orthogonal and of unit length (flips are welcome).
    """
    if min(grid.size) < 2:
        raise InputError(f"is a 2D image ({_times(grid.size)} voxels)", where, "give a whole 3D volume")
    if not np.isfinite([*grid.spacing, *grid.origin, *grid.direction.ravel()]).all():
        raise InputError("has a geometry that is not finite (NaN or infinite)", where, "export it again")
    spacing, extent = np.array(grid.spacing), np.array(grid.spacing) * grid.size
    if spacing.min() < MIN_SPACING_MM or spacing.max() > MAX_SPACING_MM or extent.max() > MAX_EXTENT_MM:
        raise InputError(
            f"has an absurd spacing of {_mm(grid.spacing)} for {_times(grid.size)} voxels (believable are "
            f"{MIN_SPACING_MM:g} to {MAX_SPACING_MM:g} mm and at most {MAX_EXTENT_MM / 1000:g} m in all)",
            where,
            "correct the header or export it again",
        )
    skew = np.abs(grid.direction.T @ grid.direction - np.eye(3)).max()
    if skew > MAX_SKEW:
        raise InputError(
            f"has a direction that is not orthonormal (off by {skew:.2g}), as a sheared or tilted scan has",
            where,
            "resample it to a regular grid first",
        )


def check_finite(array: np.ndarray, where: str | Path) -> None:
    """Raise `InputError` if ``array`` (zyx) holds NaN or infinity."""
    # A minimum or maximum is NaN where any voxel is, and needs no array of booleans.
    if array.dtype.kind == "f" and not np.isfinite([array.min(), array.max()]).all():
        refuse_not_finite(int(np.count_nonzero(~np.isfinite(array))), where)


def refuse_not_finite(count: int, where: str | Path) -> None:
    """Raise `InputError` unless ``count`` voxels that are NaN or infinite are none."""
    if count:
        voxels = "a voxel that is" if count == 1 else f"{count} voxels that are"
        raise InputError(f"holds {voxels} NaN or infinite", where, "replace them (by -1024 HU outside the body)")


def check_hounsfield(array: np.ndarray, where: str | Path) -> None:
    """Raise `InputError` unless the values can be those of a chest CT in Hounsfield units.

    The rule: a chest holds air and soft tissue, and on the Hounsfield scale air lies near -1000 and water at 0 (DICOM
    PS3.3 C.11.1.1.2). So at least 0.1 % of the voxels must lie below -500 HU and at least 0.5 % between -200 and
    300 HU. Real scans hold 25 % or more of each, tightly cropped ones too; 8-bit pictures, MR, PET, window-levelled
    and unshifted CT fail the first part.

    Parameters
    ----------
    array : ndarray, zyx
        Finite values.
    where : str or Path
        The file, for the message.
    """
    low, high = float(array.min()), float(array.max())
    seen = f"its values run from {low:g} to {high:g}"
    if low == high:
        raise InputError(f"is empty: every voxel is {low:g}", where, "give a chest CT in HU")
    if low < np.iinfo(np.int16).min or high > np.iinfo(np.int16).max:
        raise InputError(f"is not in Hounsfield units: {seen}", where, "give a chest CT in HU")
    if low >= 0:
        raise InputError(f"is not in Hounsfield units: {seen}, {_guess(array, high)}", where, _advice(array))
    if not _holds(MIN_AIR_SHARE, array, -np.inf, AIR_BELOW_HU):
        raise InputError(
            f"is not a chest CT in Hounsfield units: {seen}, with no air (about -1000 HU)",
            where,
            "give the CT itself, neither windowed nor normalised",
        )
    if not _holds(MIN_SOFT_TISSUE_SHARE, array, *SOFT_TISSUE_HU):
        raise InputError(
            f"is not a chest CT in Hounsfield units: {seen}, with no soft tissue (about 0 HU)",
            where,
            "give the CT itself in HU",
        )


def same_grid_or_raise(a: Volume, b: Volume, where: str | Path, names: tuple[str, str] = ("mask", "CT")) -> None:
    """Raise `InputError` unless ``a`` lies on the grid of ``b``, voxel by voxel, to a thousandth of a voxel.

    Parameters
    ----------
    a, b : Volume
        The volume in question and the one it belongs to.
    where : str or Path
        The file of ``a``.
    names : tuple of str
        What ``a`` and ``b`` are, for the message.
    """
    if a.grid.same_as(b.grid):
        return
    raise InputError(
        f"the {names[0]} does not lie on the {names[1]}'s grid: {_difference(a.grid, b.grid)}",
        where,
        f"resample it to the {names[1]} (nearest neighbour)",
    )


def _difference(a: Grid, b: Grid) -> str:
    """Say in which property two grids differ first, and by how much that moves a voxel."""
    if a.size != b.size:
        return f"size {_times(a.size)} against {_times(b.size)}"
    ends = [(0, 0, 0), np.array(a.size) - 1]
    apart = np.linalg.norm(a.to_physical(ends) - b.to_physical(ends), axis=1).max()
    if not np.allclose(a.spacing, b.spacing, rtol=1e-4):
        differing = f"spacing {_mm(a.spacing)} against {_mm(b.spacing)}"
    elif not np.allclose(a.direction, b.direction, atol=1e-4):
        differing = f"direction ({_numbers(a.direction.ravel())}) against ({_numbers(b.direction.ravel())})"
    else:
        differing = f"origin {_mm(a.origin)} against {_mm(b.origin)}"
    return f"{differing}, up to {apart:.3g} mm apart"


def _holds(share: float, array: np.ndarray, low: float, high: float) -> bool:
    """Tell whether at least this share of the voxels (zyx) lies from ``low`` up to, and without, ``high``.

    Plane after plane, since most scans have shown enough after a few.
    """
    needed, found = share * array.size, 0
    for plane in array:
        found += np.count_nonzero((plane >= low) & (plane < high))
        if found >= needed:
            return True
    return False


def _stored_with_offset(array: np.ndarray) -> bool:
    """Tell whether air and soft tissue peak where 1024 added to HU would put them."""
    low, high = SOFT_TISSUE_HU
    air = _holds(OFFSET_PEAK_SHARE, array, -np.inf, AIR_BELOW_HU + 1024)
    return air and _holds(OFFSET_PEAK_SHARE, array, low + 1024, high + 1024)


def _guess(array: np.ndarray, high: float) -> str:
    if high <= 255:
        return "as in an 8-bit or normalised picture"
    return "as in a CT stored with 1024 added" if _stored_with_offset(array) else "as in MR or PET"


def _advice(array: np.ndarray) -> str:
    return "subtract 1024 if so" if _stored_with_offset(array) else "give a chest CT in HU"


def _times(size: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in size)


def _numbers(values) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _mm(values: tuple[float, ...]) -> str:
    return f"({_numbers(values)}) mm"
