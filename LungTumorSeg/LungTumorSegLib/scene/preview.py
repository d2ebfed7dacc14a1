"""What the network has found so far, shown while it runs: a segmentation of its own that nobody edits or saves."""

from __future__ import annotations

import numpy as np
import slicer

from ..volume import Grid, Volume
from ..volume.terminology import SegmentStyle
from .geometry import node_to_world
from .host import LABELMAP
from .labelmaps import image_from_mask
from .segments import add_segment

_ATTRIBUTE = "LungTumorSeg.Preview"
_SEGMENT = SegmentStyle("Preview", (1.0, 0.75, 0.2), "")
_LINE_WIDTH = 2


def show_preview(volume_node: slicer.vtkMRMLScalarVolumeNode, mask: Volume, lattice: Grid) -> None:
    """Show a mask over its volume, in place of what was shown before.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
    mask : Volume
        On the volume's voxels, in the world.
    lattice : Grid
        The volume's grid.
    """
    node = next(iter(_previews(volume_node.GetScene())), None) or _new_node(volume_node)
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    segmentation = node.GetSegmentation()
    if segmentation.GetNumberOfSegments() == 0:
        add_segment(node, mask, _SEGMENT, None, lattice)
        return
    image = image_from_mask(mask, np.linalg.inv(node_to_world(node)), lattice)
    segmentation.GetNthSegment(0).GetRepresentation(LABELMAP).DeepCopy(image)
    segmentation.InvokeEvent(slicer.vtkSegmentation.RepresentationModified)
    node.Modified()


def remove_previews(scene: slicer.vtkMRMLScene) -> None:
    """Remove every preview from a scene, also one that somebody has saved with it."""
    for node in _previews(scene):
        shown_by = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
        for one in (node, *shown_by):
            scene.RemoveNode(one)


def is_preview(node: slicer.vtkMRMLNode) -> bool:
    """Tell whether a node is a preview."""
    return node.GetAttribute(_ATTRIBUTE) is not None


def _previews(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLSegmentationNode]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLSegmentationNode") for number in range(count)]
    return [node for node in nodes if is_preview(node)]


def _new_node(volume_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """Add the node: an outline in slices only, hidden from selectors, and not saved with the scene."""
    scene = volume_node.GetScene()
    node = slicer.vtkMRMLSegmentationNode()
    node.SetName("Preview of the segmentation")
    node.SetAttribute(_ATTRIBUTE, "1")
    node.SetAttribute(slicer.vtkMRMLSubjectHierarchyConstants.GetSubjectHierarchyExcludeFromTreeAttributeName(), "1")
    node.SetSaveWithScene(False)
    node.UndoEnabledOff()
    node = scene.AddNode(node)
    # Not before: Slicer gives a hidden node no place in the subject hierarchy, and then complains of its segments.
    node.SetHideFromEditors(True)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetVisibility3D(False)
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(_LINE_WIDTH)
    return node
