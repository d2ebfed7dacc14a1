"""Tags of segments: short texts that are undone, copied, saved and loaded with them."""

from __future__ import annotations

import slicer
import vtk

REJECTED = "LungTumorSeg.RejectedFrom"
"""On a hidden segment: the ID of the segment that its lesions were taken out of."""

MODEL = "LungTumorSeg.Model"
"""On every segment made here: the model's name."""
RESULT = "LungTumorSeg.Result"
"""The same on all segments that one run made, and on no others."""
LABEL = "LungTumorSeg.Label"
"""What the segment was found as: the number and the name of the model's label."""
ORGAN = "LungTumorSeg.Organ"
"""On a segment that is no lesion: its volume is measured, and no lesions are looked for in it."""


def get_tag(node: slicer.vtkMRMLSegmentationNode, segment_id: str, name: str) -> str | None:
    """Return a segment's tag; None where it has none of that name."""
    value = vtk.reference("")
    return value.get() if node.GetSegmentation().GetSegment(segment_id).GetTag(name, value) else None


def set_tag(node: slicer.vtkMRMLSegmentationNode, segment_id: str, name: str, value: str) -> None:
    """Give a segment a tag. Slicer's files part tags by ``|``, so that ``value`` must not hold any."""
    node.GetSegmentation().GetSegment(segment_id).SetTag(name, value)


def remove_tag(node: slicer.vtkMRMLSegmentationNode, segment_id: str, name: str) -> None:
    """Take a tag away, where there is one."""
    node.GetSegmentation().GetSegment(segment_id).RemoveTag(name)
