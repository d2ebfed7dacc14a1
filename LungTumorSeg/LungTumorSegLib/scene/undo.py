"""Insertions that can be undone."""

from __future__ import annotations

import slicer

from .host import register_conversions


class UndoHistory:
    """The states of segmentation nodes before each insertion, and after one that was undone.

    It is Slicer's own `vtkSegmentationHistory`, one for each node, with its meaning: undoing brings *all* segments
    back to what they were before the insertion, so edits made since are undone with it; redoing brings them back.
    """

    def __init__(self) -> None:
        self._histories: dict[slicer.vtkMRMLSegmentationNode, slicer.vtkSegmentationHistory] = {}

    def save(self, node: slicer.vtkMRMLSegmentationNode) -> None:
        """Keep the node's present state; called before its segments are changed."""
        self._of(node).SaveState()

    def undo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Go back to the state before the last insertion; False where there is none."""
        history = self._of(node)
        return history.IsRestorePreviousStateAvailable() and history.RestorePreviousState()

    def redo(self, node: slicer.vtkMRMLSegmentationNode) -> bool:
        """Take the last `undo` back; False where there is none."""
        history = self._of(node)
        return history.IsRestoreNextStateAvailable() and history.RestoreNextState()

    def _of(self, node: slicer.vtkMRMLSegmentationNode) -> slicer.vtkSegmentationHistory:
        for gone in [one for one in self._histories if one.GetScene() is None]:
            del self._histories[gone]
        if node not in self._histories:
            register_conversions(node.GetScene())
            self._histories[node] = slicer.vtkSegmentationHistory()
        self._histories[node].SetSegmentation(node.GetSegmentation())
        return self._histories[node]
