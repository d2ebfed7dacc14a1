"""The selector of a segmentation and one of its segments."""

from __future__ import annotations

from typing import ClassVar

import slicer
from PySide6 import QtCore, QtWidgets

from .mrml_widget import Observations, qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox
from .stored import stored


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    currentNodeChanged = QtCore.Signal(object)
    currentNodeValid = QtCore.Signal(bool)
    currentSegmentChanged = QtCore.Signal(str)
    SIGNATURES: ClassVar = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged(PyObject)",
        "currentNodeChanged(bool)": "currentNodeValid(bool)",
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._nodes = qMRMLNodeComboBox(self)
        for name, value in {
            "nodeTypes": ["vtkMRMLSegmentationNode"],
            "addEnabled": False,
            "removeEnabled": False,
        }.items():
            self._nodes.setProperty(name, value)
        self._segments = QtWidgets.QComboBox(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._nodes)
        layout.addWidget(self._segments)
        self._observations = Observations()
        self._nodes.currentNodeChanged.connect(self._on_node)
        self._segments.currentIndexChanged.connect(self._on_segment)
        self.mrmlSceneChanged.connect(self._nodes.setMRMLScene)

    def _on_node(self, node):
        self._observations.end()
        if node is not None:
            for event in ("SegmentAdded", "SegmentRemoved", "SegmentModified"):
                self._observations.add(node, getattr(slicer.vtkSegmentation, event), self._populate)
        self._populate()
        self.currentNodeChanged.emit(node)
        self.currentNodeValid.emit(node is not None)

    def _populate(self, *_):
        before = self.currentSegmentID()
        with QtCore.QSignalBlocker(self._segments):
            self._segments.clear()
            if self.property("noneEnabled"):
                self._segments.addItem("None", "")
            for segment_id in self.segmentIDs():
                name = self.currentNode().GetSegmentation().GetSegment(segment_id).GetName()
                self._segments.addItem(name, segment_id)
            self._segments.setCurrentIndex(max(0, self._segments.findData(before)))
        if self.currentSegmentID() != before:
            self._on_segment()

    def _on_segment(self, *_):
        self.currentSegmentChanged.emit(self.currentSegmentID())

    def _update_visible(self):
        self._nodes.setVisible(self.property("segmentationNodeSelectorVisible"))

    def _update_none(self):
        self._nodes.setProperty("noneEnabled", self.property("noneEnabled"))
        self._populate()

    noneEnabled = stored(bool, "noneEnabled", False, _update_none)
    editEnabled = stored(bool, "editEnabled", False)
    segmentationNodeSelectorVisible = stored(bool, "segmentationNodeSelectorVisible", True, _update_visible)
    horizontalLayout = stored(bool, "horizontalLayout", False)
    selectNodeUponCreation = stored(bool, "selectNodeUponCreation", True)

    @QtCore.Slot()
    def currentNode(self):
        return self._nodes.currentNode()

    @QtCore.Slot()
    def currentNodeID(self):
        return self._nodes.property("currentNodeID")

    @QtCore.Slot(object)
    def setCurrentNode(self, node):
        self._nodes.setCurrentNode(node)

    @QtCore.Slot(str)
    def setCurrentNodeID(self, node_id):
        self._nodes.setCurrentNodeID(node_id)

    @QtCore.Slot()
    def segmentIDs(self):
        node = self.currentNode()
        return [] if node is None else list(node.GetSegmentation().GetSegmentIDs())

    @QtCore.Slot()
    def currentSegmentID(self):
        return self._segments.currentData() or ""

    @QtCore.Slot(str)
    def setCurrentSegmentID(self, segment_id):
        self._segments.setCurrentIndex(self._segments.findData(segment_id))
