"""Slices of one series to a regular stack, or the reason why they are none.

Nothing is interpolated: a volume made of guesses would look as trustworthy as a real one. So a stack with a missing
slice, uneven spacing or a tilted gantry is refused, with where and how much.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from .dicom_headers import Slice
from .grid import Grid

# A slice may lie this far from where a regular stack would have it. Headers round positions to 0.1 mm and better.
MAX_DEVIATION_MM = 0.1
SAME_POSITION_MM = 0.01


def order_slices(slices: list[Slice], folder: Path) -> list[Slice]:
    """Sort slices along their normal and check that they form a regular stack.

    Parameters
    ----------
    slices : list of Slice
        Of one series and orientation.
    folder : Path
        For messages.

    Raises
    ------
    InputError
        Fewer than two slices; different sizes or pixel spacings; two slices at one position; a missing slice; uneven
        spacing; positions that do not follow the normal, as with a tilted gantry.
    """
    if len(slices) < 2:
        raise InputError("the CT series has only one slice", folder, "give the folder with all slices")
    _check_alike(slices, folder)
    normal = slices[0].normal
    ordered = sorted(slices, key=lambda found: float(found.position @ normal))
    along = np.array([found.position @ normal for found in ordered])
    _check_no_doubles(along, folder)
    _check_no_gaps(along, folder)
    _check_not_tilted(ordered, folder)
    return ordered


def stack_grid(ordered: list[Slice]) -> Grid:
    """Return the grid of slices that `order_slices` has passed."""
    first, last = ordered[0], ordered[-1]
    between = float((last.position - first.position) @ first.normal) / (len(ordered) - 1)
    return Grid(
        size=(*first.size, len(ordered)),
        spacing=(*first.spacing, between),
        origin=tuple(first.position),
        direction=np.column_stack([*first.orientation, first.normal]),
    )


def _check_alike(slices: list[Slice], folder: Path) -> None:
    sizes = sorted({found.size for found in slices})
    if len(sizes) > 1:
        shown = " and ".join(f"{columns} x {rows}" for columns, rows in sizes)
        raise InputError(f"the CT series mixes slices of {shown} voxels", folder, "export one reconstruction alone")
    spacings = np.array([found.spacing for found in slices])
    if np.ptp(spacings, axis=0).max() > 1e-4:
        shown = f"{spacings.min():.4g} to {spacings.max():.4g} mm"
        raise InputError(f"the CT series mixes pixel spacings ({shown})", folder, "export one reconstruction alone")


def _check_no_doubles(along: np.ndarray, folder: Path) -> None:
    doubled = int(np.count_nonzero(np.diff(along) < SAME_POSITION_MM))
    if doubled:
        raise InputError(
            f"{doubled} of the CT series' {len(along)} slices lie where another one lies, as with several phases, "
            "time points or reconstructions in one series",
            folder,
            "export one of them alone",
        )


def _check_no_gaps(along: np.ndarray, folder: Path) -> None:
    steps = np.diff(along)
    spacing = float(np.median(steps))
    regular = along[0] + np.arange(len(along)) * (along[-1] - along[0]) / (len(along) - 1)
    if np.abs(along - regular).max() <= MAX_DEVIATION_MM:
        return
    multiples = np.round(steps / spacing)
    gaps = np.flatnonzero((multiples >= 2) & (np.abs(steps - multiples * spacing) <= 2 * MAX_DEVIATION_MM))
    if len(gaps):
        first, missing = gaps[0], int((multiples[gaps] - 1).sum())
        more = "" if len(gaps) == 1 else f" and at {len(gaps) - 1} further places"
        raise InputError(
            f"{missing} of the CT series' slices {'is' if missing == 1 else 'are'} missing: nothing between "
            f"{along[first]:.2f} and {along[first + 1]:.2f} mm along the stack, where slices are {spacing:.4g} mm "
            f"apart{more}",
            folder,
            "fetch the whole series again",
        )
    worst = int(np.argmax(np.abs(steps - spacing)))
    raise InputError(
        f"the CT series' slices are unevenly spaced: {spacing:.4g} mm apart mostly, {steps[worst]:.4g} mm at "
        f"{along[worst]:.2f} mm along the stack",
        folder,
        "export a reconstruction with even spacing",
    )


def _check_not_tilted(ordered: list[Slice], folder: Path) -> None:
    positions = np.array([found.position for found in ordered])
    normal = ordered[0].normal
    offsets = positions - positions[0]
    sideways = offsets - np.outer(offsets @ normal, normal)
    drift = np.linalg.norm(sideways, axis=1)
    if drift.max() <= MAX_DEVIATION_MM:
        return
    line = np.outer(np.linspace(0, 1, len(ordered)), sideways[-1])
    if np.linalg.norm(sideways - line, axis=1).max() > max(MAX_DEVIATION_MM, 0.1 * drift.max()):
        raise InputError(
            f"the CT series' slices are shifted against each other, by up to {drift.max():.3g} mm",
            folder,
            "export one reconstruction alone",
        )
    angle = np.degrees(np.arctan2(drift[-1], abs(offsets[-1] @ normal)))
    raise InputError(
        f"the CT was taken with the gantry tilted by {angle:.2g} degrees, so its slices form no rectangular volume",
        folder,
        "resample it to a rectangular volume first, in 3D Slicer for instance",
    )
