"""Insertions that can be undone."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from .host import register_conversions


class UndoHistory:
    """The states of segmentation nodes before each insertion, and after one that was undone.

    It is Slicer's own `vtkSegmentationHistory`, one for each node, with its meaning: undoing brings *all* segments
    back to what they were before the insertion, so edits made since are undone with it; redoing brings them back. The
    reference geometry, which Slicer's history leaves out, goes with them.
    """

    def __init__(self) -> None:
        self._histories: dict[slicer.vtkMRMLSegmentationNode, _History] = {}

    def save(self, node: slicer.vtkMRMLSegmentationNode) -> None:
        """Keep the node's present state; called before it is changed."""
        self._of(node).save()

    def undo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Go back to the state before the last insertion; False where there is none."""
        return self._of(node).undo()

    def redo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Take the last `undo` back; False where there is none."""
        return self._of(node).redo()

    def can_undo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Tell whether there is a state to go back to."""
        return bool(self._of(node).segments.IsRestorePreviousStateAvailable())

    def can_redo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Tell whether there is an undone state."""
        return bool(self._of(node).segments.IsRestoreNextStateAvailable())

    def _of(self, node: slicer.vtkMRMLSegmentationNode) -> _History:
        for gone in [one for one in self._histories if one.GetScene() is None]:
            del self._histories[gone]
        history = self._histories.get(node)
        if history is None or history.segments.GetSegmentation() is not node.GetSegmentation():
            history = self._histories[node] = _History(node)
        return history


class _History:
    """The states of one node: Slicer's history of its segments and, in step with it, their reference geometries."""

    def __init__(self, node: slicer.vtkMRMLSegmentationNode):
        register_conversions(node.GetScene())
        self._node = node
        self.segments = slicer.vtkSegmentationHistory()
        self.segments.SetSegmentation(node.GetSegmentation())
        self._references: list[_Reference] = []
        self._last = -1  # the reference of the state that was saved or restored last

    def save(self) -> None:
        before = self.segments.GetMTime()
        self.segments.SaveState()
        if self.segments.GetMTime() != before:
            # The segments were changed since, so it is a new state, and what was undone before it is forgotten.
            self._last += 1
            del self._references[self._last :]
            self._references.append(_Reference.of(self._node))
        else:
            self._references[self._last] = _Reference.of(self._node)

    def undo(self) -> bool:
        if not self.segments.IsRestorePreviousStateAvailable():
            return False
        self.save()
        return self.segments.RestorePreviousState() and self._restore_reference(self._last - 1)

    def redo(self) -> bool:
        if not self.segments.IsRestoreNextStateAvailable():
            return False
        self.save()
        return self.segments.RestoreNextState() and self._restore_reference(self._last + 1)

    def _restore_reference(self, number: int) -> bool:
        self._last = number
        self._references[number].restore(self._node)
        return True


@dataclass(frozen=True)
class _Reference:
    """A segmentation's reference geometry: a volume's ID (holding the node would keep its voxels) and the grid."""

    volume_id: str | None
    grid: str

    @staticmethod
    def of(node: slicer.vtkMRMLSegmentationNode) -> _Reference:
        parameters = node.GetSegmentation()
        # Slicer prints an error where a parameter is asked for that is not there.
        known = _GRID in parameters.SerializeAllConversionParameters()
        return _Reference(node.GetNodeReferenceID(_VOLUME), parameters.GetConversionParameter(_GRID) if known else "")

    def restore(self, node: slicer.vtkMRMLSegmentationNode) -> None:
        there = self.volume_id is not None and node.GetScene().GetNodeByID(self.volume_id) is not None
        node.SetNodeReferenceID(_VOLUME, self.volume_id if there else None)
        node.GetSegmentation().SetConversionParameter(_GRID, self.grid)


_VOLUME = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
_GRID = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
