"""DICOM SEG: regions stored as frames of voxels. It is read by highdicom, which is installed for this alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .grid import Grid

if TYPE_CHECKING:
    from highdicom.seg import Segmentation

MAX_OFFSET = 0.05  # voxels; headers round positions to a few digits


@dataclass(frozen=True, eq=False)
class DicomSegmentation:
    """The segments of one DICOM SEG.

    Attributes
    ----------
    path : Path
    names : tuple of str
    drawn_on : frozenset of str
        Unique identifiers of the CT series and frame of reference that it refers to; never shown.
    segmentation : highdicom.seg.Segmentation
    """

    path: Path
    names: tuple[str, ...]
    drawn_on: frozenset[str]
    segmentation: Segmentation

    def inside(self, number: int, grid: Grid) -> np.ndarray:
        """Return segment ``number`` on a CT's grid, zyx; of a fractional one, the voxels from one half.

        Raises
        ------
        InputError
            The frames form no volume, or their voxels are not voxels of ``grid``.
        """
        chosen = list(self.segmentation.segment_numbers)[number]
        try:
            stored = self.segmentation.get_volume(segment_numbers=[chosen])
        except (AttributeError, IndexError, KeyError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            raise InputError(f"is a DICOM SEG that cannot be read ({reason})", self.path, "export it again") from error
        # highdicom's indices run along slices, rows and columns, its coordinates are LPS.
        marked = np.argwhere(stored.array[..., 0] >= 0.5)
        exact = grid.to_index(marked @ stored.affine[:3, :3].T + stored.affine[:3, 3])
        index = np.rint(exact).astype(int)
        if len(index):
            off = np.abs(exact - index).max() > MAX_OFFSET or not np.allclose(
                _steps(stored.affine), _steps(grid.affine), rtol=1e-2
            )
            if off or (index < 0).any() or (index >= grid.size).any():
                raise InputError(
                    f"the voxels of its segment {self.names[number]!r} are not voxels of the CT",
                    self.path,
                    "give the CT that it was made on",
                )
        filled = np.zeros(grid.shape, dtype=bool)
        filled[tuple(index.T[::-1])] = True
        return filled


def _steps(affine: np.ndarray) -> np.ndarray:
    """Return the voxel's edges in mm, shortest first: the same for two grids of which one is turned."""
    return np.sort(np.linalg.norm(affine[:3, :3], axis=0))


def read_segmentation(path: Path) -> DicomSegmentation:
    """Read a DICOM SEG.

    Raises
    ------
    InputError
        The file is damaged, or highdicom is not installed.
    """
    try:
        from highdicom.seg import segread
    except ModuleNotFoundError as error:
        raise InputError(
            "is a DICOM SEG, which takes the Python package 'highdicom' to read", path, "pip install highdicom"
        ) from error
    try:
        segmentation = segread(path)
        names = tuple(
            str(segmentation.get_segment_description(number).segment_label) for number in segmentation.segment_numbers
        )
        found = {str(segmentation.get("FrameOfReferenceUID", ""))}
        found |= {str(item.get("SeriesInstanceUID", "")) for item in segmentation.get("ReferencedSeriesSequence", [])}
    except Exception as error:  # a damaged file can make the library fail in any way
        raise InputError("is a damaged DICOM SEG", path, "export it again") from error
    return DicomSegmentation(path, names, frozenset(found - {""}), segmentation)
