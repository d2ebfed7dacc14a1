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
        history = self._of(node)
        history.segments.SaveState()
        history.done.append(_Reference.of(node))
        history.undone.clear()

    def undo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Go back to the state before the last insertion; False where there is none."""
        history = self._of(node)
        present = _Reference.of(node)
        if not (history.segments.IsRestorePreviousStateAvailable() and history.segments.RestorePreviousState()):
            return False
        history.undone.append(present)
        history.done.pop().restore(node)
        return True

    def redo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Take the last `undo` back; False where there is none."""
        history = self._of(node)
        present = _Reference.of(node)
        if not (history.segments.IsRestoreNextStateAvailable() and history.segments.RestoreNextState()):
            return False
        history.done.append(present)
        history.undone.pop().restore(node)
        return True

    def _of(self, node: slicer.vtkMRMLSegmentationNode) -> _History:
        for gone in [one for one in self._histories if one.GetScene() is None]:
            del self._histories[gone]
        if node not in self._histories:
            register_conversions(node.GetScene())
            self._histories[node] = _History(slicer.vtkSegmentationHistory(), [], [])
        self._histories[node].segments.SetSegmentation(node.GetSegmentation())
        return self._histories[node]


@dataclass(frozen=True)
class _History:
    """Of one node: its segments, and the reference geometries before each change and after those that were undone."""

    segments: slicer.vtkSegmentationHistory
    done: list[_Reference]
    undone: list[_Reference]


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
