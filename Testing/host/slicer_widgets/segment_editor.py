"""The segment editor: its node, the list of segments, two effects, undo; the work is done by Slicer's own logic."""

from __future__ import annotations

from typing import ClassVar

import slicer
from PySide6 import QtCore

from .mrml_widget import Observations
from .segment_editor_parts import EFFECTS, SegmentEditorParts
from .segment_effects import DIAMETER, qSlicerSegmentEditorAbstractEffect
from .segment_strokes import Strokes


class qMRMLSegmentEditorWidget(SegmentEditorParts):
    """Edits the segments of the segmentation that its ``vtkMRMLSegmentEditorNode`` names.

    Without such a node nothing can be chosen, without a source volume nothing edited. Of Slicer's fourteen effects
    there are Paint and Erase.
    """

    currentSegmentIDChanged = QtCore.Signal(str)
    sourceVolumeNodeChanged = QtCore.Signal(object)
    segmentationNodeChanged = QtCore.Signal(object)
    SIGNATURES: ClassVar = {
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": "sourceVolumeNodeChanged(PyObject)",
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)": "segmentationNodeChanged(PyObject)",
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._node = None
        self._shown = None
        self._read_only = False
        self._effects = {
            name: qSlicerSegmentEditorAbstractEffect(name, self._logic, name == "Paint") for name in EFFECTS
        }
        self._active = None
        self._observations = {one: Observations() for one in ("logic", "scene", "node", "segmentation")}
        self._strokes = Strokes()
        self._observations["logic"].add(self._logic, self._logic.SegmentationHistoryChangedEvent, self._update_undo)
        self._connect_parts()
        self.mrmlSceneChanged.connect(self._on_scene)
        self.updateWidgetFromMRML()

    # From MRML

    def _on_scene(self, scene):
        for box in (self._segmentations, self._volumes):
            with QtCore.QSignalBlocker(box):
                box.setMRMLScene(scene)
        self._logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._logic.SetMRMLScene(scene)
        self._observations["scene"].end()
        if scene is not None:
            self._observations["scene"].add(scene, scene.EndCloseEvent, self.updateWidgetFromMRML)
        self.updateWidgetFromMRML()

    @QtCore.Slot()
    def updateWidgetFromMRML(self, *_):
        node = self.segmentationNode()
        if node is not self._shown:
            self._on_other_segmentation(node)
        with QtCore.QSignalBlocker(self._segmentations), QtCore.QSignalBlocker(self._volumes):
            self._segmentations.setCurrentNode(node)
            self._volumes.setCurrentNode(self.sourceVolumeNode())
        self._table.fill(node, self.currentSegmentID())
        can_edit = self._node is not None and self.sourceVolumeNode() is not None and not self._read_only
        self._effect_box.setEnabled(can_edit and self.currentSegmentID() != "")
        self._add.setEnabled(node is not None and not self._read_only)
        self._remove.setEnabled(self._add.isEnabled() and self.currentSegmentID() != "")
        self._activate(self._effects.get(self._node.GetActiveEffectName()) if self._node else None)
        self._update_undo()

    def _on_other_segmentation(self, node):
        self._shown = node
        self._observations["segmentation"].end()
        if node is not None:
            segments = slicer.vtkSegmentation
            for event in (segments.SegmentAdded, segments.SegmentRemoved, segments.SegmentModified, "ModifiedEvent"):
                self._observations["segmentation"].add(node, event, self.updateWidgetFromMRML)
            node.CreateDefaultDisplayNodes()
            reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
            self._logic.SetSourceVolumeNode(reference)
            self._logic.SelectFirstSegment(False)
        self.segmentationNodeChanged.emit(node)

    def _activate(self, effect):
        if effect is not None and not self._logic.SetSourceRepresentationToBinaryLabelMap():
            effect = None
        self._active = effect
        self._strokes.follow(effect)
        self._diameter.setVisible(effect is not None)
        if effect is not None:
            with QtCore.QSignalBlocker(self._diameter):
                self._diameter.setValue(effect.doubleParameter(DIAMETER))
        for name, button in self._effect_buttons.items():
            button.setChecked(effect is not None and name == effect.property("name"))

    def _update_undo(self, *_):
        self._undo.setEnabled(not self._read_only and self._logic.CanUndo())
        self._redo.setEnabled(not self._read_only and self._logic.CanRedo())

    # From the person

    def _connect_parts(self):
        self._segmentations.currentNodeChanged.connect(lambda node: self.setSegmentationNode(node))
        self._volumes.currentNodeChanged.connect(lambda node: self.setSourceVolumeNode(node))
        self._add.clicked.connect(lambda: self._logic.AddEmptySegment())
        self._remove.clicked.connect(lambda: self._logic.RemoveSelectedSegment())
        self._table.chosen.connect(self.setCurrentSegmentID)
        for name, button in self._effect_buttons.items():
            button.clicked.connect(lambda on, name=name: self.setActiveEffectByName(name if on else ""))
        self._diameter.valueChanged.connect(self._on_diameter)
        self._undo.clicked.connect(self.undo)
        self._redo.clicked.connect(self.redo)

    def _on_diameter(self, diameter):
        if self._active is not None:
            self._active.setCommonParameter(DIAMETER, diameter)

    # Its properties

    # As in Slicer it says whether the buttons can be seen, which they cannot before the panel is shown.
    undoEnabled = QtCore.Property(
        bool, lambda self: self._undo_box.isVisible(), lambda self, on: self.setUndoEnabled(on)
    )
    maximumNumberOfUndoStates = QtCore.Property(
        int,
        lambda self: self._logic.GetMaximumNumberOfUndoStates(),
        lambda self, count: self._logic.SetMaximumNumberOfUndoStates(count),
    )
    readOnly = QtCore.Property(bool, lambda self: self._read_only, lambda self, on: self.setReadOnly(on))

    # Its functions

    @QtCore.Slot(object)
    def setMRMLSegmentEditorNode(self, node):
        if node is self._node:
            return
        self._node = node
        self._logic.SetSegmentEditorNode(node)
        self._observations["node"].end()
        if node is not None:
            self._observations["node"].add(node, "ModifiedEvent", self.updateWidgetFromMRML)
        self.updateWidgetFromMRML()

    @QtCore.Slot()
    def mrmlSegmentEditorNode(self):
        return self._node

    @QtCore.Slot()
    def segmentationNode(self):
        return self._node.GetSegmentationNode() if self._node else None

    @QtCore.Slot(object)
    def setSegmentationNode(self, node):
        if self.segmentationNode() is not node:
            self._logic.SetSegmentationNode(node)
            self.setActiveEffect(None)

    @QtCore.Slot()
    def segmentationNodeID(self):
        return self.segmentationNode().GetID() if self.segmentationNode() else ""

    @QtCore.Slot()
    def sourceVolumeNode(self):
        return self._node.GetSourceVolumeNode() if self._node else None

    @QtCore.Slot(object)
    def setSourceVolumeNode(self, node):
        if self.sourceVolumeNode() is not node:
            self._logic.SetSourceVolumeNode(node)
            self.sourceVolumeNodeChanged.emit(node)

    @QtCore.Slot()
    def currentSegmentID(self):
        return (self._node.GetSelectedSegmentID() or "") if self._node else ""

    @QtCore.Slot(str)
    def setCurrentSegmentID(self, segment_id):
        if segment_id != self.currentSegmentID():
            self._logic.SetCurrentSegmentID(segment_id)
            self.currentSegmentIDChanged.emit(segment_id)

    @QtCore.Slot()
    def availableEffectNames(self):
        return list(EFFECTS)

    @QtCore.Slot()
    def effectCount(self):
        return len(EFFECTS)

    @QtCore.Slot(str)
    def effectByName(self, name):
        return self._effects.get(name)

    @QtCore.Slot(object)
    def setEffectNameOrder(self, names):
        self._effect_order = list(names)
        self._show_parts()

    @QtCore.Slot()
    def activeEffect(self):
        return self._active

    @QtCore.Slot(object)
    def setActiveEffect(self, effect):
        if self._node is not None:
            self._node.SetActiveEffectName("" if effect is None else effect.property("name"))

    @QtCore.Slot(str)
    def setActiveEffectByName(self, name):
        self.setActiveEffect(self._effects.get(name))

    @QtCore.Slot()
    def saveStateForUndo(self):
        self._logic.SaveStateForUndo()

    @QtCore.Slot()
    def undo(self):
        self._logic.Undo()

    @QtCore.Slot()
    def redo(self):
        self._logic.Redo()

    @QtCore.Slot(bool)
    def setUndoEnabled(self, enabled):
        if enabled:
            self._logic.ClearUndoState()
        self._undo_box.setVisible(enabled)

    @QtCore.Slot(bool)
    def setReadOnly(self, read_only):
        self._read_only = read_only
        if read_only:
            self.setActiveEffect(None)
        self.updateWidgetFromMRML()

    @QtCore.Slot()
    def setupViewObservations(self):
        """The effects follow the views as long as they are active."""

    @QtCore.Slot()
    def removeViewObservations(self):
        self._strokes.follow(None)

    @QtCore.Slot()
    def installKeyboardShortcuts(self, parent=None):
        pass

    @QtCore.Slot()
    def uninstallKeyboardShortcuts(self):
        pass
