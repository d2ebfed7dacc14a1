"""The lesions that a person has rejected: a hidden segment beside the one that they were found in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import slicer

from ..measurements.lesions import Lesion
from ..volume import Grid, Volume
from ..volume.lattices import place, union
from ..volume.terminology import NO_TUMOR
from .alignment import aligned
from .labelmaps import crop_to_voxels
from .segments import add_segment, read_segment, replace_segment, segment_lattice
from .tags import REJECTED, get_tag, set_tag


def rejected_segment(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> str | None:
    """Return the ID of the segment that holds what was rejected of another; None where there is none."""
    ids = node.GetSegmentation().GetSegmentIDs()
    return next((one for one in ids if get_tag(node, one, REJECTED) == segment_id), None)


def rejected_segments(node: slicer.vtkMRMLSegmentationNode) -> set[str]:
    """Return the IDs of all segments that hold what was rejected of another."""
    return {one for one in node.GetSegmentation().GetSegmentIDs() if get_tag(node, one, REJECTED) is not None}


def reject(node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesion: Lesion) -> None:
    """Move a lesion's voxels out of its segment into the hidden one, which is made where there is none."""
    lattice = segment_lattice(node, segment_id)
    other = rejected_segment(node, segment_id)
    if other is None:
        name = node.GetSegmentation().GetSegment(segment_id).GetName()
        mask = aligned(_mask(lesion), lattice)
        other = add_segment(node, mask, replace(NO_TUMOR, name=f"{name} rejected"), None, lattice)
        set_tag(node, other, REJECTED, segment_id)
        hide(node, other)
    else:
        _add(node, other, lesion, lattice)
    _remove(node, segment_id, lesion, lattice)


def take_back(node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesion: Lesion) -> None:
    """Move a rejected lesion's voxels back into its segment; the hidden one goes when nothing is left in it."""
    other = rejected_segment(node, segment_id)
    lattice = segment_lattice(node, other)
    _add(node, segment_id, lesion, lattice)
    _remove(node, other, lesion, lattice)
    if not read_segment(node, other).array.any():
        node.GetSegmentation().RemoveSegment(other)


def forget_rejected(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> None:
    """Remove what was rejected of a segment."""
    other = rejected_segment(node, segment_id)
    if other is not None:
        node.GetSegmentation().RemoveSegment(other)


def hide(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> None:
    """Make a segment invisible in all views."""
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetSegmentVisibility(segment_id, False)


def _add(node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesion: Lesion, lattice: Grid) -> None:
    """Add a lesion's voxels to a segment; ``lattice`` is for one that has no voxels."""
    there = read_segment(node, segment_id)
    if not there.array.any():
        replace_segment(node, segment_id, aligned(_mask(lesion), lattice), lattice)
        return
    more = aligned(_mask(lesion), there.grid)
    grid = union(there.grid, more.grid)
    together = Volume(place(there, grid).array | place(more, grid).array, grid)
    replace_segment(node, segment_id, together, segment_lattice(node, segment_id))


def _remove(node: slicer.vtkMRMLSegmentationNode, segment_id: str, lesion: Lesion, lattice: Grid) -> None:
    """Take a lesion, which is one of the segment's own, out of it."""
    there = read_segment(node, segment_id)
    left = there.array & ~place(aligned(_mask(lesion), there.grid), there.grid).array
    replace_segment(node, segment_id, crop_to_voxels(there.with_array(left)), lattice)


def _mask(lesion: Lesion) -> Volume:
    return lesion.voxels.with_array(lesion.voxels.array.astype(np.uint8))
