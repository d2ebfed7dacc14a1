"""Everything that one measurement needs: the lesions of a segment, the rejected ones, and its reference's."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..errors import InputError
from ..measurements.lesions import Lesion
from ..volume import Volume
from ..volume.lattices import holds
from . import segments
from .alignment import aligned, coincides
from .components import lesions_of, whole_of
from .insertion import label_of
from .rejected import rejected_segment
from .sources import has_source, source_of
from .volumes import read_ct, read_labelmap

_WITHOUT_CT = "no HU, and slices count from the segment's own box"


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured.

    Lesions lie in the world. Their indices count on one lattice, the CT's where the segment lies on its voxels, so
    that slices have the numbers that they have there; they may be negative for what reaches beyond it.

    Parameters
    ----------
    kept, rejected : list of Lesion
        Of the segment, and of what was rejected of it.
    reference : list of Lesion or None
    ct : Volume or None
        Holds every lesion kept and rejected.
    notes : list of str
        What was resampled or left out, and why.
    is_organ : bool
        Whether the segment is no lesion; ``kept`` and ``reference`` are then one region each, or none.
    """

    kept: list[Lesion]
    rejected: list[Lesion]
    reference: list[Lesion] | None
    ct: Volume | None
    notes: list[str]
    is_organ: bool = False


def gather(
    node: slicer.vtkMRMLSegmentationNode,
    segment_id: str,
    reference_node: slicer.vtkMRMLNode | None = None,
    reference_segment_id: str | None = None,
    volume_node: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> Subject:
    """Read a segment, its reference and its CT.

    The parameters are those of `LungTumorSegLib.scene.SegmentationLogic.measure`. Nothing is copied but the boxes of
    the masks.
    """
    mask = segments.read_segment(node, segment_id)
    hidden = rejected_segment(node, segment_id)
    rejected = None if hidden is None else segments.read_segment(node, hidden)
    reference = None
    if reference_node is not None:
        reference = _read_reference(node, segment_id, reference_node, reference_segment_id)
    elif reference_segment_id is not None:
        raise InputError("a reference segment was given without its segmentation", do="give both, or neither")
    notes: list[str] = []
    ct = _own_ct(node, segment_id, notes) if volume_node is None else read_ct(volume_node)
    return _on_one_lattice(mask, rejected, reference, ct, notes, segments.is_organ(node, segment_id))


def own_volume(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> slicer.vtkMRMLVolumeNode | None:
    """Return the volume that a segment was found in; of one drawn by hand the segmentation's reference volume."""
    if has_source(node, segment_id):
        return source_of(node, segment_id)
    return node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())


def _own_ct(node: slicer.vtkMRMLSegmentationNode, segment_id: str, notes: list[str]) -> Volume | None:
    """Read the CT that the segment was found in, or the reference volume of one drawn by hand.

    Nobody asked for it, so where it cannot be used a note is enough.
    """
    found = has_source(node, segment_id)
    name = "CT that the segment was found in" if found else "reference volume"
    volume_node = own_volume(node, segment_id)
    if volume_node is None:
        if found:
            notes.append(f"The {name} is no longer known: {_WITHOUT_CT}.")
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
        return read_labelmap(reference_node, label_of(node, segment_id))
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


def _on_one_lattice(
    mask: Volume,
    rejected: Volume | None,
    reference: Volume | None,
    ct: Volume | None,
    notes: list[str],
    is_organ: bool,
) -> Subject:
    drawn = [one for one in (mask, rejected) if one is not None and one.array.any()]
    lattice = drawn[0].grid if drawn else mask.grid
    if ct is not None:
        if not all(coincides(one, ct.grid) for one in drawn):
            notes.append(f"The segment was not drawn on the CT's voxels: {_WITHOUT_CT}.")
            ct = None
        else:
            lattice = ct.grid
            if not all(holds(ct.grid, aligned(one, ct.grid).grid) for one in drawn):
                notes.append("The segment reaches beyond the CT: no HU.")
                ct = None
    if reference is not None and not coincides(reference, lattice):
        notes.append(
            "The reference lies on another grid; it was resampled to the segment's voxels (nearest neighbour)."
        )
    parts_of = whole_of if is_organ else lesions_of
    return Subject(
        kept=parts_of(mask, lattice, "the segment"),
        rejected=[] if rejected is None else lesions_of(rejected, lattice, "the rejected lesions"),
        reference=None if reference is None else parts_of(reference, lattice, "the reference"),
        ct=ct,
        notes=notes,
        is_organ=is_organ,
    )
