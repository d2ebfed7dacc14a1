"""Which CT a segment was found in, remembered for each segment: a segmentation may hold results of several."""

from __future__ import annotations

import secrets

import slicer

from .tags import get_tag, set_tag

# The segment's tag names a node reference of its segmentation. The tag goes with the segment through undo; the
# reference follows the volume when node IDs change, as they do when a scene is imported into another. The name is
# unique, so that a segment copied to another patient's segmentation finds no volume there rather than a wrong one.
_TAG = "LungTumorSeg.SourceVolume"


def remember_source(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    """Keep which volume a segment was found in."""
    roles = (node.GetNthNodeReferenceRole(index) for index in range(node.GetNumberOfNodeReferenceRoles()))
    ours = (role for role in roles if role.startswith(_TAG) and node.GetNodeReference(role) is volume_node)
    role = next(ours, f"{_TAG}.{secrets.token_hex(8)}")
    node.SetNodeReferenceID(role, volume_node.GetID())
    set_tag(node, segment_id, _TAG, role)


def has_source(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> bool:
    """Tell whether a segment was found in a volume, be it still there or not; false for one drawn by hand."""
    return get_tag(node, segment_id, _TAG) is not None


def source_of(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Return the volume that a segment was found in; None where it is gone, or the segment was copied to here."""
    return node.GetNodeReference(get_tag(node, segment_id, _TAG))
