"""Measurements that follow a segment while it is edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import slicer
import vtk

from ..errors import InputError
from .choices import Choices
from .companions import Companions
from .measuring import own_volume
from .observing import Observers
from .segments import choose_segment
from .volumes import time_stamp

if TYPE_CHECKING:
    from .measuring_logic import MeasuringLogic

_CHANGES = tuple(
    getattr(slicer.vtkSegmentation, name)
    for name in (
        "SegmentAdded",
        "SegmentRemoved",
        "SegmentModified",
        "SourceRepresentationModified",
        "RepresentationModified",
    )
)
_MOVED = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
_IMAGE_CHANGED = slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent
_POINTS = slicer.vtkMRMLMarkupsNode
_LINE = "vtkMRMLMarkupsLineNode"


class LiveMeasurement:
    """Tells when the measurements of a segment are out of date, and measures it when asked.

    It never measures by itself: whoever uses it decides when there is time for that, for instance when nothing has
    changed for a moment. What is measured draws lines and fills tables, which is not taken for a change.

    Parameters
    ----------
    logic : SegmentationLogic
    onDirty : callable
        Called without arguments at every change, often several times in a row; it should only note it.

    Attributes
    ----------
    dirty : bool
        Whether anything has changed since the last `measure`.
    segmentationNode : vtkMRMLSegmentationNode or None
        What is watched; None before `start`, after `stop`, and when it has left the scene.
    segmentId : str or None
        The segment that is measured.
    """

    def __init__(self, logic: MeasuringLogic, onDirty: Callable[[], None]) -> None:
        self._logic = logic
        self._on_dirty = onDirty
        self._observers = Observers(self._changed)
        self._is_measuring = False
        self._choices = Choices()
        self._stamps: dict[slicer.vtkMRMLVolumeNode, int] = {}
        self.dirty = False
        self.segmentationNode: slicer.vtkMRMLSegmentationNode | None = None
        self.segmentId: str | None = None

    def start(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentId: str | None = None,
        referenceNode: slicer.vtkMRMLNode | None = None,
        referenceSegmentId: str | None = None,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
    ) -> None:
        """Watch a segment, its reference and its CT, in place of what was watched; it is dirty at first.

        Parameters are those of `LungTumorSegLib.scene.SegmentationLogic.measure`.
        """
        segment_id = choose_segment(segmentationNode, segmentId)
        self.stop()
        self.segmentationNode, self.segmentId = segmentationNode, segment_id
        self._choices = Choices(referenceNode, referenceSegmentId, volumeNode)
        self._observe()
        self.dirty = True

    def stop(self) -> None:
        """Watch nothing; can be called again."""
        self._observers.remove_all()
        self.segmentationNode = self.segmentId = None
        self._choices = Choices()
        self._stamps = {}
        self.dirty = False

    def measure(self, surfaces: bool = False) -> dict:
        """Measure what is watched, as it is now; by default without what takes longest.

        Parameters
        ----------
        surfaces : bool
            See `LungTumorSegLib.scene.SegmentationLogic.measure`.

        Raises
        ------
        InputError
            Nothing is watched, or it cannot be measured.
        """
        if self.segmentationNode is None:
            raise InputError("no segment is watched", do="choose a segmentation")
        self.dirty = False
        self._is_measuring = True
        try:
            return self._logic.measure(
                self.segmentationNode,
                self._choices.referenceNode,
                segmentId=self.segmentId,
                referenceSegmentId=self._choices.referenceSegmentId,
                volumeNode=self._choices.volumeNode,
                surfaces=surfaces,
            )
        finally:
            self._is_measuring = False
            self._observe()

    def _observe(self) -> None:
        """Observe what there is now: lines come and go with the lesions."""
        node, reference = self.segmentationNode, self._choices.referenceNode
        if node is None:
            return
        self._observers.observe(node.GetScene(), slicer.vtkMRMLScene.NodeRemovedEvent)
        self._observers.observe(node, *_CHANGES, _MOVED)
        if reference is not None and reference.IsA("vtkMRMLSegmentationNode"):
            self._observers.observe(reference, *_CHANGES, _MOVED)
        volume = self._choices.volumeNode
        if volume is None and node.GetSegmentation().GetSegment(self.segmentId) is not None:
            volume = own_volume(node, self.segmentId)
        volumes = [one for one in (volume, reference) if one is not None and one.IsA("vtkMRMLVolumeNode")]
        for one in volumes:
            self._observers.observe(one, vtk.vtkCommand.ModifiedEvent, _IMAGE_CHANGED, _MOVED)
        self._stamps = {one: time_stamp(one) for one in volumes}
        lines = [one for one in Companions(node, self.segmentId).nodes().values() if one.IsA(_LINE)]
        for one in lines:
            self._observers.observe(one, _POINTS.PointModifiedEvent, _POINTS.PointRemovedEvent)
        for gone in [one for one in self._observers.subjects() if one.IsA(_LINE) and one not in lines]:
            self._observers.forget(gone)

    def _changed(self, caller: slicer.vtkMRMLNode, event: str) -> None:
        if self._is_measuring or self.segmentationNode is None:
            return
        if caller.IsA("vtkMRMLScene"):
            if self.segmentationNode.GetScene() is None:
                self.stop()
                self._on_dirty()
                return
            if not self._chosen_is_gone():
                return
        if event == "ModifiedEvent" and self._stamps.get(caller) == time_stamp(caller):
            return  # a volume's name, or whatever else is not its voxels
        self.dirty = True
        self._on_dirty()

    def _chosen_is_gone(self) -> bool:
        """Go on without a reference or a CT that has left the scene; tell whether one has."""
        chosen = self._choices
        left = [one is not None and one.GetScene() is None for one in (chosen.referenceNode, chosen.volumeNode)]
        if not any(left):
            return False
        reference = (None, None) if left[0] else (chosen.referenceNode, chosen.referenceSegmentId)
        self._choices = Choices(*reference, None if left[1] else chosen.volumeNode)
        return True
