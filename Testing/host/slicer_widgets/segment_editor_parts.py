"""What the segment editor is made of, and those of its properties that only say what is shown."""

from __future__ import annotations

from PySide6 import QtWidgets

from .mrml_widget import qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox
from .segment_table import SegmentTable
from .stored import setter, stored

EFFECTS = ("Paint", "Erase")


class SegmentEditorParts(qMRMLWidget):
    """Selectors, the list of segments, the effects' buttons and the brush's diameter, undo and redo."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._effect_order = []
        self._segmentations = self._selector("vtkMRMLSegmentationNode")
        self._volumes = self._selector("vtkMRMLScalarVolumeNode")
        self._selectors = QtWidgets.QFormLayout()
        self._selectors.addRow("Segmentation:", self._segmentations)
        self._selectors.addRow("Source volume:", self._volumes)
        self._add, self._remove = QtWidgets.QPushButton("Add", self), QtWidgets.QPushButton("Remove", self)
        self._buttons = _row(self._add, self._remove)
        self._table = SegmentTable(self)
        self._effect_buttons = {name: QtWidgets.QToolButton(self) for name in EFFECTS}
        for name, button in self._effect_buttons.items():
            button.setText(name)
            button.setObjectName(name)
            button.setCheckable(True)
        self._effect_box = _row(*self._effect_buttons.values())
        self._diameter = QtWidgets.QDoubleSpinBox(self)
        self._diameter.setRange(0.5, 200)
        self._diameter.setPrefix("Diameter: ")
        self._diameter.setSuffix(" mm")
        self._undo, self._redo = QtWidgets.QPushButton("Undo", self), QtWidgets.QPushButton("Redo", self)
        self._undo_box = _row(self._undo, self._redo)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._selectors)
        for part in (self._buttons, self._table, self._effect_box, self._diameter, self._undo_box):
            column.addWidget(part)

    def _selector(self, node_class):
        box = qMRMLNodeComboBox(self)
        box.setProperty("nodeTypes", [node_class])
        box.setProperty("noneEnabled", True)
        return box

    def _show_parts(self):
        self._selectors.setRowVisible(self._segmentations, self.property("segmentationNodeSelectorVisible"))
        self._selectors.setRowVisible(self._volumes, self.property("sourceVolumeNodeSelectorVisible"))
        self._buttons.setVisible(self.property("addRemoveSegmentButtonsVisible"))
        for name, button in self._effect_buttons.items():
            button.setVisible(self.property("unorderedEffectsVisible") or name in self._effect_order)

    segmentationNodeSelectorVisible = stored(
        bool, "segmentationNodeSelectorVisible", True, lambda self: self._show_parts()
    )
    sourceVolumeNodeSelectorVisible = stored(
        bool, "sourceVolumeNodeSelectorVisible", True, lambda self: self._show_parts()
    )
    addRemoveSegmentButtonsVisible = stored(
        bool, "addRemoveSegmentButtonsVisible", True, lambda self: self._show_parts()
    )
    unorderedEffectsVisible = stored(bool, "unorderedEffectsVisible", True, lambda self: self._show_parts())
    maskingSectionVisible = stored(bool, "maskingSectionVisible", True)
    specifyGeometryButtonVisible = stored(bool, "specifyGeometryButtonVisible", True)
    show3DButtonVisible = stored(bool, "show3DButtonVisible", True)
    autoShowSourceVolumeNode = stored(bool, "autoShowSourceVolumeNode", True)
    switchToSegmentationsButtonVisible = stored(bool, "switchToSegmentationsButtonVisible", True)
    effectColumnCount = stored(int, "effectColumnCount", 2)
    effectButtonStyle = stored(int, "effectButtonStyle", 2)
    defaultTerminologyEntry = stored(str, "defaultTerminologyEntry", "")
    defaultTerminologyEntrySettingsKey = stored(str, "defaultTerminologyEntrySettingsKey", "")
    jumpToSelectedSegmentEnabled = stored(bool, "jumpToSelectedSegmentEnabled", False)

    setSegmentationNodeSelectorVisible = setter(bool, "segmentationNodeSelectorVisible")
    setSourceVolumeNodeSelectorVisible = setter(bool, "sourceVolumeNodeSelectorVisible")
    setAddRemoveSegmentButtonsVisible = setter(bool, "addRemoveSegmentButtonsVisible")
    setMaskingSectionVisible = setter(bool, "maskingSectionVisible")
    setSpecifyGeometryButtonVisible = setter(bool, "specifyGeometryButtonVisible")
    setShow3DButtonVisible = setter(bool, "show3DButtonVisible")
    setAutoShowSourceVolumeNode = setter(bool, "autoShowSourceVolumeNode")
    setSwitchToSegmentationsButtonVisible = setter(bool, "switchToSegmentationsButtonVisible")
    setMaximumNumberOfUndoStates = setter(int, "maximumNumberOfUndoStates")
    setEffectColumnCount = setter(int, "effectColumnCount")
    setEffectButtonStyle = setter(int, "effectButtonStyle")
    setJumpToSelectedSegmentEnabled = setter(bool, "jumpToSelectedSegmentEnabled")


def _row(*widgets) -> QtWidgets.QWidget:
    box = QtWidgets.QWidget()
    layout = QtWidgets.QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return box
