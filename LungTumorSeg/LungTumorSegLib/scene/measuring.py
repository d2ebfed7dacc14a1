"""Everything that one measurement needs, on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..errors import InputError
from ..volume import Volume
from . import segments
from .alignment import offset_on, place, resample, union
from .labelmaps import crop_to_voxels
from .sources import has_source, source_of
from .volumes import read_ct, read_volume

_WITHOUT_CT = "no HU, and slices count from the segment's own box"


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Parameters
    ----------
    mask : Volume
        The segment, in the world; on the CT's own grid where their voxels coincide, so that slices count as there.
    reference : Volume or None
        On the same grid.
    ct : Volume or None
        On the same grid.
    notes : list of str
        What was resampled or left out, and why.
    """

    mask: Volume
    reference: Volume | None
    ct: Volume | None
    notes: list[str]


def gather(
    node: slicer.vtkMRMLSegmentationNode,
    segment_id: str,
    reference_node: slicer.vtkMRMLNode | None = None,
    reference_segment_id: str | None = None,
    volume_node: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> Subject:
    """Read a segment, its reference and its CT, and bring them onto one grid.

    The parameters are those of `LungTumorSegLib.scene.SegmentationLogic.measure`.
    """
    mask = segments.read_segment(node, segment_id)
    reference = None
    if reference_node is not None:
        reference = _read_reference(node, segment_id, reference_node, reference_segment_id)
    elif reference_segment_id is not None:
        raise InputError("a reference segment was given without its segmentation", do="give both, or neither")
    notes: list[str] = []
    ct = _own_ct(node, segment_id, notes) if volume_node is None else read_ct(volume_node)
    return _on_one_grid(mask, reference, ct, notes)


def _own_ct(node: slicer.vtkMRMLSegmentationNode, segment_id: str, notes: list[str]) -> Volume | None:
    """Read the CT that the segment was found in, or the reference volume of one drawn by hand.

    Nobody asked for it, so where it cannot be used a note is enough.
    """
    if has_source(node, segment_id):
        name, volume_node = "CT that the segment was found in", source_of(node, segment_id)
        if volume_node is None:
            notes.append(f"The {name} is no longer known: {_WITHOUT_CT}.")
    else:
        name, volume_node = "reference volume", node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    if volume_node is None:
        return None
    try:
        return read_ct(volume_node)
    except InputError as error:
        # Not `where`: a volume may be called by its patient.
        notes.append(f"The {name} cannot be used ({error.what}): {_WITHOUT_CT}.")
        return None


def _read_reference(
    node: slicer.vtkMRMLSegmentationNode,
    segment_id: str,
    reference_node: slicer.vtkMRMLNode,
    reference_segment_id: str | None,
) -> Volume:
    if reference_node.IsA("vtkMRMLLabelMapVolumeNode"):
        return crop_to_voxels(read_volume(reference_node))
    if not reference_node.IsA("vtkMRMLSegmentationNode"):
        kind = reference_node.GetClassName()
        raise InputError(f"expected a segmentation or labelmap as reference, got {kind}", reference_node.GetName())
    if reference_node is node and reference_segment_id is None:
        raise InputError(
            "the reference is the same segmentation", node.GetName(), "say which segment is the reference"
        )
    segments.check_segmentation(reference_node, reference_segment_id)
    chosen = segments.choose_segment(reference_node, reference_segment_id)
    if reference_node is node and chosen == segment_id:
        raise InputError("the segment is compared with itself", node.GetName(), "choose another reference segment")
    return segments.read_segment(reference_node, chosen)


def _on_one_grid(mask: Volume, reference: Volume | None, ct: Volume | None, notes: list[str]) -> Subject:
    grid = mask.grid
    if ct is not None:
        if offset_on(ct.grid, mask.grid) is None:
            notes.append(f"The segment was not drawn on the CT's voxels: {_WITHOUT_CT}.")
            ct = None
        else:
            grid = union(ct.grid, mask.grid)
    if reference is not None:
        if offset_on(grid, reference.grid) is None:
            reference = resample(reference, grid)
            notes.append(
                "The reference lies on another grid; it was resampled to the segment's voxels (nearest neighbour)."
            )
        grid = union(grid, reference.grid)
    if ct is not None and grid is not ct.grid:
        notes.append(
            "The segment or the reference reaches beyond the CT: no HU, and slices count from the first of all."
        )
        ct = None
    return Subject(place(mask, grid), None if reference is None else place(reference, grid), ct, notes)
