"""How sure the network was of each lesion, kept with the segment and found again by a voxel inside the lesion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import slicer

from ..measurements.lesions import Lesion
from ..volume import Grid
from .geometry import lps_to_ras, node_to_world
from .tags import get_tag, remove_tag, set_tag

# "R A S confidence; …" with the segmentation node's own coordinates in mm: indices would not outlive saving, after
# which they count from elsewhere, nor would places in the world outlive another parent transform.
_TAG = "LungTumorSeg.Confidence"


def remember_confidence(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesions: Iterable[dict], ct: Grid
) -> None:
    """Keep the confidence of what the network found, in place of what was kept.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Holds the segment.
    segment_id : str
        The segment that the lesions were put into.
    lesions : iterable of dict
        ``voxel_zyx`` (index in the CT of a voxel inside) and ``confidence`` (0 to 1) of each.
    ct : Grid
        Of the CT, in the world.
    """
    from_world = np.linalg.inv(node_to_world(node))
    entries = []
    for lesion in lesions:
        ras = lps_to_ras(ct.to_physical(lesion["voxel_zyx"][::-1]))
        place = from_world[:3, :3] @ ras + from_world[:3, 3]
        entries.append(" ".join(f"{number:.4f}" for number in (*place, lesion["confidence"])))
    if entries:
        set_tag(node, segment_id, _TAG, "; ".join(entries))
    else:
        remove_tag(node, segment_id, _TAG)


def confidence_of(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesions: Sequence[Lesion]
) -> list[float | None]:
    """Return the confidence of each lesion as it is now.

    A lesion has the confidence of the found one whose voxel lies in it, grown or shrunk as it may be. None where there
    is no such voxel (drawn by hand, cut off, its middle erased) or several (lesions that were joined).
    """
    remembered = _read(get_tag(node, segment_id, _TAG))
    to_world = node_to_world(node)
    places = lps_to_ras(remembered[:, :3] @ to_world[:3, :3].T + to_world[:3, 3])
    known: list[float | None] = []
    for lesion in lesions:
        inside = np.array([lies_in(lesion, place) for place in places], dtype=bool)
        known.append(float(remembered[inside, 3][0]) if inside.sum() == 1 else None)
    return known


def lies_in(lesion: Lesion, point_lps_mm: np.ndarray) -> bool:
    """Tell whether a point in the world lies in one of the lesion's voxels."""
    index = np.round(lesion.voxels.grid.to_index(point_lps_mm)).astype(int)
    return lesion.holds(index[::-1] + lesion.corner[::-1])


def _read(text: str | None) -> np.ndarray:
    """Return the tag's numbers, (n, 4). A tag that somebody has written over is as good as none."""
    try:
        numbers = [[float(number) for number in entry.split()] for entry in (text or "").split(";") if entry.strip()]
        return np.array(numbers, dtype=float).reshape(-1, 4)
    except ValueError:
        return np.zeros((0, 4))
