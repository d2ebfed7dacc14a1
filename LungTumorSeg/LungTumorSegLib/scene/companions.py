"""Nodes that belong to a segment: its tables and markup lines, found again instead of made again."""

from __future__ import annotations

import slicer

from .hierarchy import place_in_folder, remove_node

_ROLE = "LungTumorSeg.Companion"  # node reference from the segmentation: survives saving, loading and renaming
_SEGMENT = "LungTumorSeg.SegmentID"
_KEY = "LungTumorSeg.Key"


class Companions:
    """The nodes that belong to one segment, each with a key such as ``"table"``.

    Parameters
    ----------
    owner : vtkMRMLSegmentationNode
        Holds the segment.
    segment_id : str
        The segment.
    """

    def __init__(self, owner: slicer.vtkMRMLSegmentationNode, segment_id: str):
        self._owner = owner
        self._segment_id = segment_id

    def nodes(self) -> dict[str, slicer.vtkMRMLNode]:
        """Return the segment's nodes by key."""
        mine = (node for node in _all_nodes(self._owner) if node.GetAttribute(_SEGMENT) == self._segment_id)
        return {node.GetAttribute(_KEY): node for node in mine}

    def get(self, key: str, class_name: str, name: str) -> slicer.vtkMRMLNode:
        """Return the node of ``key``; a new one, in the segmentation's folder of measurements, where there is none."""
        found = self.nodes().get(key)
        if found is not None:
            return found
        scene = self._owner.GetScene()
        node = scene.AddNewNodeByClass(class_name, free_name(scene, name))
        node.SetAttribute(_SEGMENT, self._segment_id)
        node.SetAttribute(_KEY, key)
        self._owner.AddNodeReferenceID(_ROLE, node.GetID())
        place_in_folder(node, self._owner, f"{self._owner.GetName()} measurements")
        return node

    def assign(self, nodes: dict[str, slicer.vtkMRMLNode]) -> None:
        """Give nodes of the segment other keys; a node that had one of these takes the key that was given up."""
        for key, node in nodes.items():
            given_up, holder = node.GetAttribute(_KEY), self.nodes().get(key)
            if holder is not None and holder is not node:
                holder.SetAttribute(_KEY, given_up)
            node.SetAttribute(_KEY, key)

    def remove_all_but(self, keys: set[str]) -> None:
        """Remove the segment's nodes with any other key: what they show is no longer so."""
        for key, node in self.nodes().items():
            if key not in keys:
                remove_node(node)

    def remove_all(self) -> None:
        """Remove the segment's nodes."""
        self.remove_all_but(set())

    @staticmethod
    def owners(owner: slicer.vtkMRMLSegmentationNode) -> set[str]:
        """Return the IDs of the segments that nodes belong to."""
        return {node.GetAttribute(_SEGMENT) for node in _all_nodes(owner)}

    @staticmethod
    def remove_orphans(owner: slicer.vtkMRMLSegmentationNode) -> None:
        """Remove the nodes of segments that are no longer in the segmentation."""
        known = owner.GetSegmentation().GetSegmentIDs()
        for node in _all_nodes(owner):
            if node.GetAttribute(_SEGMENT) not in known:
                remove_node(node)


def free_name(scene: slicer.vtkMRMLScene, name: str) -> str:
    """Return ``name``, with a number where a node is called so already.

    (Slicer's own `GenerateUniqueName` also avoids names that a node had before.)
    """
    number, free = 1, name
    while scene.GetFirstNodeByName(free) is not None:
        number += 1
        free = f"{name} ({number})"
    return free


def _all_nodes(owner: slicer.vtkMRMLSegmentationNode) -> list[slicer.vtkMRMLNode]:
    nodes = (owner.GetNthNodeReference(_ROLE, index) for index in range(owner.GetNumberOfNodeReferences(_ROLE)))
    return [node for node in nodes if node is not None]
