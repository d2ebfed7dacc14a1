"""Masks into segments, beside the segments that are there, and out of them again."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import slicer

from ..errors import InputError
from ..volume import Grid, Volume
from ..volume.terminology import SegmentStyle
from .geometry import node_to_world
from .hierarchy import place_beside
from .host import LABELMAP, register_conversions
from .labelmaps import image_from_mask, lattice_of, mask_from_image
from .tags import MODEL, ORGAN, REJECTED, RESULT, get_tag

MODEL_TAG = MODEL


def new_segmentation(volume_node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """Return a new segmentation node for a volume: same transform, same study, the volume's geometry as reference."""
    scene = volume_node.GetScene()
    name = scene.GenerateUniqueName(f"{volume_node.GetName()} segmentation")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    place_beside(node, volume_node)
    return node


def check_segmentation(node: slicer.vtkMRMLSegmentationNode, segment_id: str | None = None) -> None:
    """Refuse what is no segmentation in the world, or has not got the segment.

    Raises
    ------
    InputError
        Not a segmentation node; a parent transform that is not linear; no segment of that ID.
    """
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        kind = "nothing" if node is None else node.GetClassName()
        raise InputError(f"expected a segmentation node, got {kind}", do="choose a segmentation")
    node_to_world(node)
    segmentation = node.GetSegmentation()
    if segment_id is not None and segmentation.GetSegment(segment_id) is None:
        have = ", ".join(segmentation.GetSegmentIDs()) or "none"
        raise InputError(f'it has no segment with the ID "{segment_id}"', node.GetName(), f"choose one of: {have}")


def check_takes_labelmaps(node: slicer.vtkMRMLSegmentationNode) -> None:
    """Refuse a segmentation whose segments are surfaces or contours.

    A labelmap put among them would be converted, and editing it would convert all the others.
    """
    source = node.GetSegmentation().GetSourceRepresentationName()
    if node.GetSegmentation().GetNumberOfSegments() and source != LABELMAP:
        do = "choose another segmentation, or make Binary labelmap its source representation (Segmentations module)"
        raise InputError(f'its segments are kept as "{source}"', node.GetName(), do)


def belongs_to_another(node: slicer.vtkMRMLSegmentationNode, volume_node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Tell whether a segmentation's reference geometry is that of another volume."""
    reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    return reference is not None and reference is not volume_node


def refer_to(node: slicer.vtkMRMLSegmentationNode, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Make a volume the segmentation's reference geometry, unless segments drawn on another one depend on theirs."""
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    if node.GetNodeReference(role) is None or node.GetSegmentation().GetNumberOfSegments() == 0:
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)


def add_segment(
    node: slicer.vtkMRMLSegmentationNode,
    mask: Volume,
    style: SegmentStyle,
    model: str | None,
    lattice: Grid | None = None,
) -> str:
    """Add a mask as a new segment on a layer of its own; no other segment is touched.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Passed by `check_segmentation` and `check_takes_labelmaps`.
    mask : Volume
        Nonzero inside, on its grid in the world. An empty mask makes an empty segment.
    style : SegmentStyle
        Name (made unique by a number where it is taken), colour and terminology.
    model : str or None
        Kept as the segment's tag `MODEL_TAG`, which makes it a result of this module; None makes it none.
    lattice : Grid, optional
        The grid that the mask is a part of; see `LungTumorSegLib.scene.labelmaps.image_from_mask`.

    Returns
    -------
    str
        The segment's ID.
    """
    register_conversions(node.GetScene())
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(LABELMAP)
    segment = slicer.vtkSegment()
    _set_style(segment, replace(style, name=_unique_name(segmentation, style.name)))
    if model is not None:
        segment.SetTag(MODEL_TAG, model)
    segment.AddRepresentation(LABELMAP, image_from_mask(mask, np.linalg.inv(node_to_world(node)), lattice))
    segment_id = segmentation.GenerateUniqueSegmentID(_id_of(style.name))
    if not segmentation.AddSegment(segment, segment_id):
        raise RuntimeError(f"Slicer did not take the segment {segment_id}")
    return segment_id


def replace_segment(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, mask: Volume, lattice: Grid | None = None
) -> None:
    """Replace a segment's voxels; its name, colour and terminology, and all other segments, stay.

    Its closed surface, where there is one, is made anew. ``lattice`` is that of `add_segment`.
    """
    register_conversions(node.GetScene())
    segmentation = node.GetSegmentation()
    segmentation.SeparateSegmentLabelmap(segment_id)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    image = image_from_mask(mask, np.linalg.inv(node_to_world(node)), lattice)
    if image.GetNumberOfPoints() == 0:
        done = logic.ClearSegment(node, segment_id)
    else:
        done = logic.SetBinaryLabelmapToSegment(image, node, segment_id)
    if not done:
        raise RuntimeError(f"Slicer did not take the new voxels of segment {segment_id}")


def restyle_segment(node: slicer.vtkMRMLSegmentationNode, segment_id: str, style: SegmentStyle) -> None:
    """Give a segment another name, colour and terminology."""
    segmentation = node.GetSegmentation()
    _set_style(segmentation.GetSegment(segment_id), replace(style, name=_unique_name(segmentation, style.name)))


def is_organ(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> bool:
    """Tell whether a segment was found as an organ; what a person has drawn is measured as lesions."""
    return get_tag(node, segment_id, ORGAN) is not None


def same_result(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> list[str]:
    """Return the segments that were found together with one, itself among them, in the segmentation's order."""
    result = get_tag(node, segment_id, RESULT)
    if result is None:
        return [segment_id]
    return [one for one in node.GetSegmentation().GetSegmentIDs() if get_tag(node, one, RESULT) == result]


def choose_segment(node: slicer.vtkMRMLSegmentationNode, segment_id: str | None = None) -> str:
    """Return the segment that is meant: the given one, else the newest made here, else the only one.

    Of several that were found together, it is the first that holds lesions. Hidden segments of what was rejected do
    not count.

    Raises
    ------
    InputError
        There is no segment, or several of which none was made here.
    """
    check_segmentation(node, segment_id)
    if segment_id is not None:
        return segment_id
    segmentation = node.GetSegmentation()
    ids = [one for one in segmentation.GetSegmentIDs() if get_tag(node, one, REJECTED) is None]
    ours = [one for one in ids if segmentation.GetSegment(one).HasTag(MODEL_TAG)]
    if ours:
        return next((one for one in same_result(node, ours[-1]) if not is_organ(node, one)), ours[-1])
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise InputError("the segmentation has no segment", node.GetName(), "segment first, or choose another")
    names = ", ".join(f"{one} ({segmentation.GetSegment(one).GetName()})" for one in ids)
    raise InputError("the segmentation has several segments", node.GetName(), f"give the ID of one of: {names}")


def read_segment(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> Volume:
    """Return a segment as a mask (uint8, 0 and 1) in the world, cut to its box.

    Voxels come from the segment's own labelmap, not through the reference geometry, so they are those that were drawn.
    A segment kept as surface or contours is converted by Slicer (the node gains a labelmap representation).
    """
    label = node.GetSegmentation().GetSegment(segment_id).GetLabelValue()
    return mask_from_image(_labelmap(node, segment_id), label, node_to_world(node), node.GetName())


def segment_lattice(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> Grid:
    """Return the grid (of one voxel) at which the indices of a segment's labelmap begin, in the world."""
    return lattice_of(_labelmap(node, segment_id), node_to_world(node), node.GetName())


def _labelmap(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> slicer.vtkOrientedImageData:
    register_conversions(node.GetScene())
    if not node.GetSegmentation().ContainsRepresentation(LABELMAP) and not node.CreateBinaryLabelmapRepresentation():
        do = "create its binary labelmap in the Segmentations module"
        raise InputError("the segmentation cannot be converted to a labelmap", node.GetName(), do)
    return node.GetBinaryLabelmapInternalRepresentation(segment_id)


def _set_style(segment: slicer.vtkSegment, style: SegmentStyle) -> None:
    segment.SetName(style.name)
    segment.SetColor(*style.color_rgb)
    segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
    segment.NameAutoGeneratedOff()
    segment.ColorAutoGeneratedOff()


def _id_of(name: str) -> str:
    """Make the beginning of a segment's ID of its name: ``LungTumor`` of ``Lung tumor``."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", name)) or "Segment"


def _unique_name(segmentation: slicer.vtkSegmentation, name: str) -> str:
    taken = {segmentation.GetSegment(one).GetName() for one in segmentation.GetSegmentIDs()}
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} {number}"
    return unique
