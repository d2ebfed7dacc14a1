"""What is to be segmented, and where to: checked before the network runs, and again before its result goes in."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer

from ..errors import InputError
from ..volume import Volume
from ..volume.lattices import offset_on, part_of
from . import segments
from .volumes import for_the_network, read_ct, read_volume, time_stamp


@dataclass(frozen=True, eq=False)
class SegmentationRequest:
    """A CT to segment, and the segmentation that takes the result.

    Attributes
    ----------
    volumeNode : vtkMRMLScalarVolumeNode
    segmentationNode : vtkMRMLSegmentationNode or None
        None for a new one.
    segmentId : str or None
        A segment to replace; None for a new one.
    model : str or Path
        Name of a packaged model, or a model folder.
    ct : Volume
        int16 or float32, HU. Mostly a read-only view of the node's voxels.
    """

    volumeNode: slicer.vtkMRMLScalarVolumeNode
    segmentationNode: slicer.vtkMRMLSegmentationNode | None
    segmentId: str | None
    model: str | Path
    ct: Volume
    _stamp: int
    _sample: int

    def check(self) -> None:
        """Refuse to go on where the scene is no longer what it was when the request was made.

        Raises
        ------
        InputError
            The volume or the segmentation has left the scene, the segment is gone, or the volume has other voxels.
        """
        if self.volumeNode.GetScene() is None:
            raise InputError("the volume is no longer in the scene: its result was not inserted")
        if time_stamp(self.volumeNode) != self._stamp and _sample(read_volume(self.volumeNode)) != self._sample:
            do = "segment it again"
            raise InputError("the volume's voxels have changed since: its result was not inserted", do=do)
        if self.segmentationNode is None:
            return
        if self.segmentationNode.GetScene() is None:
            raise InputError("the segmentation is no longer in the scene: the result was not inserted")
        segments.check_segmentation(self.segmentationNode, self.segmentId)
        segments.check_takes_labelmaps(self.segmentationNode)

    def where_it_is_now(self, mask: Volume) -> tuple[Volume, Volume]:
        """Return a mask on the CT's voxels, and the CT, where the volume is now: it may have been moved since.

        Parameters
        ----------
        mask : Volume
            On voxels of ``ct``; a box of it, or all of it.
        """
        ct = read_volume(self.volumeNode)
        first = offset_on(self.ct.grid, mask.grid)
        if first is None:
            raise ValueError("the mask does not lie on the voxels of the CT that it was found in")
        return Volume(mask.array, part_of(ct.grid, first, mask.grid.size)), ct


def make_request(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    segmentation_node: slicer.vtkMRMLSegmentationNode | None,
    segment_id: str | None,
    model: str | Path,
) -> SegmentationRequest:
    """Check that a volume can be segmented and that a segmentation can take the result.

    Raises
    ------
    InputError
        One line says what cannot be used, why, and what to do.
    """
    if segmentation_node is None and segment_id is not None:
        raise InputError("a segment was given without its segmentation", do="give both, or neither")
    if segmentation_node is not None:
        segments.check_segmentation(segmentation_node, segment_id)
        segments.check_takes_labelmaps(segmentation_node)
    ct = read_ct(volume_node)
    state = time_stamp(volume_node), _sample(ct)
    return SegmentationRequest(volume_node, segmentation_node, segment_id, model, for_the_network(ct), *state)


def _sample(ct: Volume) -> int:
    """Return a checksum of every 256th voxel: others may say that an image was modified when it was not."""
    return zlib.crc32(np.ascontiguousarray(ct.array[::4, ::8, ::8]))
