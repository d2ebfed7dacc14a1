"""RTSTRUCT: regions that somebody drew as contours on the slices of a CT."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .contours import fill_even_odd
from .grid import Grid

log = logging.getLogger(__name__)

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
MAX_TILT = 0.2  # slices between a contour's lowest and highest point
SAME_PLANE = 0.01  # slices
REPORTED_OFFSET = 0.05  # slices between a contour and the slice that it is assigned to


@dataclass(frozen=True, eq=False)
class StructureSet:
    """The regions of interest (ROIs) of one RTSTRUCT.

    Attributes
    ----------
    path : Path
    names : tuple of str
    drawn_on : frozenset of str
        Unique identifiers of the CT series and frames of reference that it refers to; never shown.
    contours : tuple of tuple of ndarray of shape (n, 3), LPS mm
        The closed contours of each region.
    """

    path: Path
    names: tuple[str, ...]
    drawn_on: frozenset[str]
    contours: tuple[tuple[np.ndarray, ...], ...]

    def inside(self, number: int, grid: Grid) -> np.ndarray:
        """Return region ``number`` on a CT's grid, zyx: the voxels whose centre its contours enclose.

        Each contour belongs to the slice that lies nearest. Contours of one plane are filled by the even-odd rule.

        Raises
        ------
        InputError
            The region has no closed contour, or its contours are not drawn in the CT's slices.
        """
        if not self.contours[number]:
            raise InputError(f"its ROI {self.names[number]!r} has no closed contour", self.path, "choose another ROI")
        indices = [grid.to_index(contour) for contour in self.contours[number]]
        along = np.array([points[:, 2].mean() for points in indices])
        self._check_planes(number, indices, along, grid)
        filled = np.zeros(grid.shape, dtype=bool)
        plane = np.round(along / SAME_PLANE).astype(int)
        for one in np.unique(plane):
            polygons = [indices[k][:, :2] for k in np.flatnonzero(plane == one)]
            filled[_nearest(one * SAME_PLANE)] |= fill_even_odd(polygons, grid.shape[1:])
        return filled

    def _check_planes(self, number: int, indices: list[np.ndarray], along: np.ndarray, grid: Grid) -> None:
        """Refuse contours across slices or beyond them; tell of contours between slices and of slices left out."""
        name = self.names[number]
        if max(np.ptp(points[:, 2]) for points in indices) > MAX_TILT:
            raise InputError(
                f"the contours of its ROI {name!r} do not lie in the CT's slices", self.path, "draw them on this CT"
            )
        slices = np.unique(_nearest(along))
        if slices[0] < 0 or slices[-1] >= grid.size[2]:
            raise InputError(
                f"the contours of its ROI {name!r} reach beyond the CT's {grid.size[2]} slices",
                self.path,
                "give the CT that they were drawn on",
            )
        offset = np.abs(along - _nearest(along)).max()
        if offset > REPORTED_OFFSET:
            log.warning("contours of %r lie up to %.2f slices beside the CT's; assigned to the nearest", name, offset)
        if len(slices) > 2 and np.median(np.diff(slices)) > 1:
            log.warning(
                "%r is drawn on every %d. slice only; those between stay empty", name, np.median(np.diff(slices))
            )


def _nearest(along):
    return np.floor(np.asarray(along) + 0.5).astype(int)


def read_structure_set(path: Path) -> StructureSet:
    """Read an RTSTRUCT.

    Raises
    ------
    InputError
        The file is damaged, or lacks what a structure set must have.
    """
    import pydicom

    try:
        header = pydicom.dcmread(path)
        drawn = {int(item.ReferencedROINumber): item for item in header.get("ROIContourSequence", [])}
        rois = [(int(item.ROINumber), str(item.get("ROIName", ""))) for item in header.StructureSetROISequence]
        contours = tuple(_closed_contours(drawn.get(number)) for number, _ in rois)
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        OSError,
        pydicom.errors.InvalidDicomError,
    ) as error:
        raise InputError("is a damaged RTSTRUCT", path, "export it again") from error
    return StructureSet(path, tuple(name for _, name in rois), _drawn_on(header), contours)


def _closed_contours(item) -> tuple[np.ndarray, ...]:
    contours = []
    for contour in item.get("ContourSequence", []) if item is not None else ():
        if contour.ContourGeometricType not in CLOSED:
            continue
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        if not np.isfinite(points).all():
            raise ValueError("a point is not finite")
        if len(points) >= 3:
            contours.append(points)
    return tuple(contours)


def _drawn_on(header) -> frozenset[str]:
    found = set()
    for frame in header.get("ReferencedFrameOfReferenceSequence", []):
        found.add(str(frame.get("FrameOfReferenceUID", "")))
        for study in frame.get("RTReferencedStudySequence", []):
            found |= {
                str(series.get("SeriesInstanceUID", "")) for series in study.get("RTReferencedSeriesSequence", [])
            }
    return frozenset(found - {""})
