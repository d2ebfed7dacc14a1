"""What was found in a segment, kept and rejected, in one list with numbers that rejecting does not change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import slicer

from ..measurements.lesions import Lesion
from ..measurements.report import measure_lesion
from ..volume.orientation import Orientation
from .confidence import confidence_of
from .measuring import Subject


@dataclass(frozen=True, eq=False)
class Finding:
    """One lesion of a segment.

    Parameters
    ----------
    number : int
        Rank by volume among the kept and the rejected, from 1.
    kept : bool
        Whether it is in the segment; otherwise it was rejected.
    lesion : Lesion
        Its voxels in the world.
    measured : dict
        As in the report's ``lesions``, with ``number`` and ``confidence`` (None where it cannot be said).
    """

    number: int
    kept: bool
    lesion: Lesion
    measured: dict

    @property
    def digest(self) -> str:
        """A short text that is another one when a voxel has been added or erased."""
        return self.lesion.remembered("digest", _digest)


def find(node: slicer.vtkMRMLSegmentationNode, segment_id: str, subject: Subject) -> list[Finding]:
    """Measure each lesion of a segment and of what was rejected of it, the largest first."""
    lesions = [(lesion, True) for lesion in subject.kept] + [(lesion, False) for lesion in subject.rejected]
    lesions.sort(key=lambda one: (-one[0].count, *np.round(one[0].centroid, 6)))
    confidences = confidence_of(node, segment_id, [lesion for lesion, _ in lesions])
    return [
        Finding(
            number,
            kept,
            lesion,
            {"number": number, **measure_lesion(lesion, ct=subject.ct), "confidence": confidence},
        )
        for number, ((lesion, kept), confidence) in enumerate(zip(lesions, confidences, strict=True), start=1)
    ]


def _digest(lesion: Lesion) -> str:
    voxels = Orientation.of(lesion.voxels.grid).apply(lesion.voxels.array)  # however a file stores it
    return hashlib.sha256(repr(voxels.shape).encode() + np.packbits(voxels).tobytes()).hexdigest()[:16]
