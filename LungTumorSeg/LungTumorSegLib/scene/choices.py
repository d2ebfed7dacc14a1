"""What a segment was compared with and measured on, kept with its summary table: measuring again takes the same."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from .companions import Companions

_REFERENCE = "LungTumorSeg.Reference"
_REFERENCE_SEGMENT = "LungTumorSeg.ReferenceSegmentID"
_VOLUME = "LungTumorSeg.MeasuredVolume"


@dataclass(frozen=True)
class Choices:
    """What a person gave to `LungTumorSegLib.scene.SegmentationLogic.measure`; see there."""

    referenceNode: slicer.vtkMRMLNode | None = None
    referenceSegmentId: str | None = None
    volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None

    def remember(self, companions: Companions) -> None:
        """Keep the choices with the summary table, which is there."""
        table = companions.nodes()["summary"]
        table.SetNodeReferenceID(_REFERENCE, _id(self.referenceNode))
        table.SetNodeReferenceID(_VOLUME, _id(self.volumeNode))
        if table.GetAttribute(_REFERENCE_SEGMENT) != self.referenceSegmentId:
            table.SetAttribute(_REFERENCE_SEGMENT, self.referenceSegmentId)

    @classmethod
    def remembered(cls, companions: Companions) -> Choices | None:
        """Return the choices of the last measurement; None where the segment has no measurements."""
        table = companions.nodes().get("summary")
        if table is None:
            return None
        reference = table.GetNodeReference(_REFERENCE)
        segment_id = table.GetAttribute(_REFERENCE_SEGMENT) if reference is not None else None
        return cls(reference, segment_id, table.GetNodeReference(_VOLUME))


def _id(node: slicer.vtkMRMLNode | None) -> str | None:
    return None if node is None else node.GetID()
