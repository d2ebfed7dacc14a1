"""A segment's lesions as a person sees them in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import slicer

from ..errors import InputError
from .confidence import lies_in
from .findings import Finding
from .geometry import lps_to_ras, node_to_world


@dataclass(frozen=True)
class Lesion:
    """One lesion of a segment, or one that was rejected of it, as it was when it was listed.

    Attributes
    ----------
    number : int
        Rank by volume among the kept and the rejected, from 1; tables and lines have the same numbers.
    kept : bool
        Whether it is in the segment.
    volume_ml, long_axis_mm, short_axis_mm : float
    mean_hu : float or None
        None without the CT that it was found in.
    confidence : float or None
        Mean probability of tumour over the lesion as the network found it; None where that cannot be said.
    centroid_ras_mm : tuple of float
        In the world.
    adjusted : bool
        Whether a person has set one of its axes by hand.
    """

    number: int
    kept: bool
    volume_ml: float
    long_axis_mm: float
    short_axis_mm: float
    mean_hu: float | None
    confidence: float | None
    centroid_ras_mm: tuple[float, float, float]
    adjusted: bool
    _node: slicer.vtkMRMLSegmentationNode = field(repr=False, compare=False)
    _inside: np.ndarray = field(repr=False, compare=False)  # a voxel's place in the node's coordinates, RAS mm
    _focus: np.ndarray = field(repr=False, compare=False)  # the middle of the long axis, likewise

    @property
    def scene(self) -> slicer.vtkMRMLScene | None:
        """The scene that its segmentation is in; None where it has left it."""
        return self._node.GetScene()

    @property
    def focus_ras_mm(self) -> tuple[float, float, float]:
        """Where to look: the middle of the long axis, in the world as it is now."""
        return _tuple(_to_world(self._node, self._focus))


def list_lesions(node: slicer.vtkMRMLSegmentationNode, findings: Sequence[Finding]) -> list[Lesion]:
    """Return what was found in a segment as `Lesion` objects; ``findings`` have their dragged axes."""
    from_world = np.linalg.inv(node_to_world(node))

    def local(point_lps_mm: np.ndarray) -> np.ndarray:
        return from_world[:3, :3] @ lps_to_ras(point_lps_mm) + from_world[:3, 3]

    return [
        Lesion(
            number=finding.number,
            kept=finding.kept,
            volume_ml=finding.measured["volume_ml"],
            long_axis_mm=finding.measured["long_axis_mm"],
            short_axis_mm=finding.measured["short_axis_mm"],
            mean_hu=finding.measured.get("mean_hu"),
            confidence=finding.measured["confidence"],
            centroid_ras_mm=_tuple(lps_to_ras(finding.measured["centroid_lps_mm"])),
            adjusted=finding.measured["long_axis_adjusted"] or finding.measured["short_axis_adjusted"],
            _node=node,
            _inside=local(_voxel_inside(finding)),
            _focus=local(np.mean(finding.measured["long_axis_points_lps_mm"], axis=0)),
        )
        for finding in findings
    ]


def find_again(lesion: Lesion, findings: Sequence[Finding]) -> Finding:
    """Return what a listed lesion is now, after whatever edits: what holds the voxel in its middle.

    Raises
    ------
    InputError
        Nothing is there any more.
    """
    place = lps_to_ras(_to_world(lesion._node, lesion._inside))
    for finding in findings:
        if lies_in(finding.lesion, place):
            return finding
    what = f"lesion {lesion.number} is no longer there: the segment was edited"
    raise InputError(what, lesion._node.GetName(), "list the lesions again")


def _voxel_inside(finding: Finding) -> np.ndarray:
    """Return the centre (LPS mm) of the lesion's voxel next to its centroid, which may itself lie outside."""
    grid = finding.lesion.voxels.grid
    centres = grid.to_physical(np.argwhere(finding.lesion.voxels.array)[:, ::-1])
    return centres[np.linalg.norm(centres - finding.lesion.centroid, axis=1).argmin()]


def _to_world(node: slicer.vtkMRMLSegmentationNode, point_ras_mm: np.ndarray) -> np.ndarray:
    matrix = node_to_world(node)
    return matrix[:3, :3] @ point_ras_mm + matrix[:3, 3]


def _tuple(point: np.ndarray) -> tuple[float, float, float]:
    return tuple(float(number) for number in point)
