"""Slicer's own segment editor, on the result."""

from __future__ import annotations

import slicer

UNDO_STATES = 10
TAG = "LungTumorSeg"  # of the editor's own parameters: brush size, masking, …


class Editor:
    """The segment editor, made when its section is opened the first time.

    Parameters
    ----------
    section : ctkCollapsibleButton
    layout : QVBoxLayout
        Takes the editor.
    label : QLabel
        Stands in the section while there is nothing to edit.
    """

    def __init__(self, section, layout, label) -> None:
        self._section = section
        self._layout = layout
        self._label = label
        self._segmentationNode = None
        self._segmentId = ""
        self._volumeNode = None
        self._isEntered = False
        self.widget = None
        section.connect("contentsCollapsed(bool)", self._onCollapsed)

    def show(self, segmentationNode, segmentId: str, volumeNode) -> None:
        """Choose what is edited, and the volume it is drawn on."""
        wanted = (segmentationNode, segmentId, volumeNode)
        if wanted == (self._segmentationNode, self._segmentId, self._volumeNode):
            return
        self._segmentationNode, self._segmentId, self._volumeNode = wanted
        self._update()

    def enter(self) -> None:
        """Listen to the views and the keyboard; called when the module is opened."""
        self._isEntered = True
        self._update()

    def exit(self) -> None:
        """Leave the views and the keyboard to others; called when another module is opened."""
        self._isEntered = False
        self._rest()

    def close(self) -> None:
        """Let go of the scene's nodes; called before the scene is closed."""
        self._segmentationNode, self._segmentId, self._volumeNode = None, "", None
        if self.widget is not None:
            self._rest()
            self.widget.setSegmentationNode(None)
            self.widget.setMRMLSegmentEditorNode(None)

    def remove(self) -> None:
        """Take the editor out of the panel; called before the panel goes."""
        if self.widget is not None:
            self.close()
            self.widget.setMRMLScene(None)
            self.widget.deleteLater()
            self.widget = None

    def _onCollapsed(self, collapsed: bool) -> None:
        if collapsed:
            self._rest()
        else:
            self._update()

    def _update(self) -> None:
        isOpen = not self._section.collapsed and self._isEntered
        if isOpen and self.widget is None and self._segmentationNode is not None:
            self._make()
        if self.widget is None:
            return
        there = self._segmentationNode is not None
        self._label.setVisible(not there)
        self.widget.setVisible(there)
        if not there:
            self._rest()
            self.widget.setSegmentationNode(None)
        elif isOpen:
            self.widget.setMRMLSegmentEditorNode(_parameters())
            self.widget.setSegmentationNode(self._segmentationNode)
            self.widget.setSourceVolumeNode(self._volumeNode)
            if self._segmentId:
                self.widget.setCurrentSegmentID(self._segmentId)
            self.widget.setupViewObservations()
            self.widget.installKeyboardShortcuts()

    def _make(self) -> None:
        self.widget = slicer.qMRMLSegmentEditorWidget()
        self.widget.maximumNumberOfUndoStates = UNDO_STATES
        # The parameters first, so that the choices made when the scene is set are kept in them.
        self.widget.setMRMLSegmentEditorNode(_parameters())
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.widget.segmentationNodeSelectorVisible = False  # both are chosen in Input
        self.widget.sourceVolumeNodeSelectorVisible = False
        self._layout.addWidget(self.widget)

    def _rest(self) -> None:
        """Put the brush down, so that no click in a view draws unseen."""
        if self.widget is not None:
            self.widget.setActiveEffect(None)
            self.widget.uninstallKeyboardShortcuts()
            self.widget.removeViewObservations()


def _parameters() -> slicer.vtkMRMLSegmentEditorNode:
    """Return the scene's editor parameters of this module; made where there are none."""
    node = slicer.mrmlScene.GetSingletonNode(TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag(TAG)
        node = slicer.mrmlScene.AddNode(node)
    return node
