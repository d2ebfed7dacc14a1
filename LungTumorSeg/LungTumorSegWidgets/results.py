"""Which segmentations and segments are results of this module."""

from __future__ import annotations

import slicer

from LungTumorSegLib.scene.rejected import rejected_segments
from LungTumorSegLib.scene.segments import MODEL_TAG


def measuredSegments(node: slicer.vtkMRMLNode | None) -> list[str]:
    """Return the IDs of a segmentation's segments, without those of rejected lesions; none of anything else.

    Segments made by this module come last, the newest at the end.
    """
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return []
    segmentation, rejected = node.GetSegmentation(), rejected_segments(node)
    ids = [one for one in segmentation.GetSegmentIDs() if one not in rejected]
    return sorted(ids, key=lambda one: segmentation.GetSegment(one).HasTag(MODEL_TAG))


def referenceSegment(node: slicer.vtkMRMLNode | None, chosen: str, measured: str | None = None) -> str:
    """Return the segment of a reference that is meant: the chosen one, else the last; empty where there is none.

    Parameters
    ----------
    node : vtkMRMLNode or None
        The reference.
    chosen : str
        The ID that the person chose, if any.
    measured : str, optional
        The segment that is measured, where it is in the reference itself; it is not compared with itself.
    """
    ids = [one for one in measuredSegments(node) if one != measured]
    return chosen if chosen in ids else (ids or [""])[-1]


def resultFor(volumeNode: slicer.vtkMRMLScalarVolumeNode | None) -> slicer.vtkMRMLSegmentationNode | None:
    """Return the newest segmentation that this module made of a volume, or None."""
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    results = [
        node
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        if volumeNode is not None and node.GetNodeReference(role) is volumeNode and _hasResult(node)
    ]
    return results[-1] if results else None


def _hasResult(node: slicer.vtkMRMLSegmentationNode) -> bool:
    segmentation = node.GetSegmentation()
    return any(segmentation.GetSegment(one).HasTag(MODEL_TAG) for one in segmentation.GetSegmentIDs())
