"""Places in the subject hierarchy: results stand beside the scan they came from."""

from __future__ import annotations

import slicer


def place_beside(node: slicer.vtkMRMLNode, sibling: slicer.vtkMRMLNode) -> None:
    """Move a node under the same study (or folder, or scene) as another."""
    hierarchy = _hierarchy(node)
    hierarchy.SetItemParent(_item(hierarchy, node), hierarchy.GetItemParent(_item(hierarchy, sibling)))


def place_in_folder(node: slicer.vtkMRMLNode, sibling: slicer.vtkMRMLNode, name: str) -> None:
    """Move a node into the folder called ``name`` beside another node; the folder is made where it is missing."""
    hierarchy = _hierarchy(node)
    parent = hierarchy.GetItemParent(_item(hierarchy, sibling))
    folder = hierarchy.GetItemChildWithName(parent, name) or hierarchy.CreateFolderItem(parent, name)
    hierarchy.SetItemParent(_item(hierarchy, node), folder)


def remove_node(node: slicer.vtkMRMLNode) -> None:
    """Remove a node from its scene, and from the hierarchy, which in Slicer Core nobody else does."""
    hierarchy = _hierarchy(node)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.RemoveItem(item, False, False)
    node.GetScene().RemoveNode(node)


def _hierarchy(node: slicer.vtkMRMLNode) -> slicer.vtkMRMLSubjectHierarchyNode:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())


def _item(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, node: slicer.vtkMRMLNode) -> int:
    """Return a node's item. The application has made it already; Slicer Core leaves that to us."""
    return hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
