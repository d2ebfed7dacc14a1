"""The patient's body in a CT, without air and couch; and the part of it where something is expected.

Places are told relative to the body, in axial planes only: how far up a scan begins and ends is the scanner
operator's choice, but from right to left and from front to back the organs keep their place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..volume import Volume
from ..volume.orientation import Orientation
from .coarse import CoarseCT, LocatedRegion
from .morphology import dilate

Span = tuple[float, float]
SKIN_MM = 5.0  # around the body, so that no rounding takes a voxel off it


class Place(NamedTuple):
    """A part of the body, from 0 to 1: ``x`` from its right to its left side, ``y`` from front to back."""

    x: Span
    y: Span


def locate_body(ct: Volume, place: Place | None = None, margin_mm: float = 0.0) -> LocatedRegion:
    """Find the body in a CT, or the part of it about a place.

    Parameters
    ----------
    ct : Volume
        In HU on any grid.
    place : Place, optional
        Only this part, in every axial slice; by default all of the body.
    margin_mm : float
        Around the place.

    Returns
    -------
    LocatedRegion
        The whole scan, where nothing in it is denser than air.
    """
    coarse = CoarseCT.of(ct)
    region = dilate(coarse.body, SKIN_MM, coarse.spacing)
    sides = _sides(coarse.body)
    if place is not None and sides is not None:
        wanted = np.zeros_like(region)
        spans = zip(place[::-1], sides, coarse.spacing[1:], region.shape[1:], strict=True)
        wanted[:, *(_range(*span, margin_mm) for span in spans)] = True
        region = region & wanted
    return LocatedRegion(region if region.any() else np.ones_like(region), coarse.to_fine)


def place_of(ct: Volume, mask: np.ndarray) -> Place | None:
    """Tell where a mask (bool, zyx, on the CT's grid) lies in the body; None where either is empty."""
    coarse = CoarseCT.of(ct)
    sides = _sides(coarse.body)
    if sides is None or not mask.any():
        return None
    canonical = Orientation.of(ct.grid).apply(mask)
    spans = []
    for axis in (2, 1):
        found = np.flatnonzero(canonical.any(axis=tuple({0, 1, 2} - {axis})))
        step = canonical.shape[axis] / coarse.body.shape[axis]
        low, high = sides[axis - 1]
        ends = np.array([found[0], found[-1] + 1]) / step
        spans.append(tuple(((ends - low) / (high - low)).tolist()))
    return Place(*spans)


def _sides(body: np.ndarray) -> tuple[Span, Span] | None:
    """Return where the body begins and ends along y and x, in voxels: the medians over the slices, for arms."""
    spans = []
    for axis in (1, 2):
        lines = body.any(axis=3 - axis)  # (z, n): what of each slice the body covers along the axis
        lines = lines[lines.any(axis=1)]
        if not len(lines):
            return None
        first, last = lines.argmax(axis=1), lines.shape[1] - lines[:, ::-1].argmax(axis=1)
        spans.append((float(np.median(first)), float(np.median(last))))
    return spans[0], spans[1]


def _range(span: Span, side: Span, spacing: float, size: int, margin_mm: float) -> slice:
    low, high = (side[0] + share * (side[1] - side[0]) for share in span)
    margin = margin_mm / spacing
    return slice(max(0, int(np.floor(low - margin))), min(size, int(np.ceil(high + margin))))
