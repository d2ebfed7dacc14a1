"""The combo box with a scene's nodes."""

from __future__ import annotations

from typing import ClassVar

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from .mrml_widget import Observations
from .stored import stored

ID = QtCore.Qt.UserRole


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Shows the nodes of some classes as they come and go. Without a scene it is disabled.

    As in Slicer, where "None" is not offered, the first node of an empty list becomes the current one unless there are
    entries to create or remove nodes, and when the current node leaves its neighbour takes its place.
    """

    currentNodeChanged = QtCore.Signal(object)
    currentNodeValid = QtCore.Signal(bool)
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)
    SIGNATURES: ClassVar = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged(PyObject)",
        "currentNodeChanged(bool)": "currentNodeValid(bool)",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated(PyObject)",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded(PyObject)",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser(PyObject)",
        "nodeAboutToBeRemoved(vtkMRMLNode*)": "nodeAboutToBeRemoved(PyObject)",
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None
        self._requested = None
        self._attributes = []
        self._combo = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._scene_observations = Observations()
        self._node_observations = Observations()
        self._combo.currentIndexChanged.connect(self._on_index_changed)
        self._combo.activated.connect(self._on_activated)
        self._last = None
        self.setEnabled(False)

    # The list

    def _refresh(self, *_):
        """Add the nodes that have come and take away those that have gone, one by one, as a model does."""
        candidates = self._candidates()
        wanted = [node for node in candidates if self._offers(node)]
        ids = {one.GetID() for one in wanted}
        for row in reversed(range(self._combo.count())):
            if self._combo.itemData(row, ID) not in ids | {""}:
                self._combo.removeItem(row)
        self._update_none()
        for row, node in enumerate(wanted, start=int(self.property("noneEnabled"))):
            if self._combo.itemData(row, ID) != node.GetID():
                self._insert(row, node)
        self._node_observations.end()
        for node in candidates:
            self._node_observations.add(node, vtk.vtkCommand.ModifiedEvent, self._on_node_modified)

    def _insert(self, row, node):
        nothing_chosen = self._combo.currentIndex() < 0
        with QtCore.QSignalBlocker(self._combo):
            self._combo.insertItem(row, node.GetName(), node.GetID())
            if nothing_chosen and self._has_actions():
                self._combo.setCurrentIndex(-1)
        self.nodeAdded.emit(node)
        self._on_index_changed()

    def _candidates(self):
        """Return the scene's nodes of the right classes, hidden or not."""
        if self._scene is None:
            return []
        classes, children = self.property("nodeTypes"), self.property("showChildNodeTypes")
        return [
            node
            for node in slicer.util.getNodesByClass("vtkMRMLNode", self._scene)
            if node.GetClassName() in classes or (children and any(node.IsA(one) for one in classes))
        ]

    def _offers(self, node):
        if node.GetHideFromEditors() and not self.property("showHidden"):
            return False
        return all(
            not node.IsA(kind)
            or (node.GetAttribute(name) is not None if value is None else node.GetAttribute(name) == value)
            for kind, name, value in self._attributes
        )

    def _has_actions(self):
        return any(self.property(f"{one}Enabled") for one in ("add", "remove", "edit", "rename"))

    def _update_none(self):
        first_is_none = self._combo.count() > 0 and self._combo.itemData(0, ID) == ""
        if self.property("noneEnabled") and not first_is_none:
            self._combo.insertItem(0, self.property("noneDisplay"), "")
        elif first_is_none and not self.property("noneEnabled"):
            self._combo.removeItem(0)
        elif first_is_none:
            self._combo.setItemText(0, self.property("noneDisplay"))

    def _on_node_modified(self, node, event):
        row = self._combo.findData(node.GetID(), ID)
        if (row >= 0) != self._offers(node):
            self._refresh()
        elif row >= 0 and self._combo.itemText(row) != node.GetName():
            self._combo.setItemText(row, node.GetName())

    # The choice

    def _on_index_changed(self, *_):
        current = self._current_id()
        if current != self._last:
            self._last = current
            node = self.currentNode()
            self.currentNodeChanged.emit(node)
            self.currentNodeValid.emit(node is not None)
            self.currentNodeIDChanged.emit(current)

    def _on_activated(self, row):
        self.nodeActivated.emit(self.currentNode())

    def _current_id(self):
        return self._combo.currentData(ID) or ""

    def _choose(self, node_id):
        if self._scene is None:
            self._requested = node_id
            return
        none = 0 if self.property("noneEnabled") else -1
        row = self._combo.findData(node_id, ID) if node_id else none
        self._combo.setCurrentIndex(none if row < 0 else row)

    currentNodeID = QtCore.Property(str, _current_id, _choose)
    nodeTypes = stored("QStringList", "nodeTypes", [], _refresh)
    noneEnabled = stored(bool, "noneEnabled", False, _refresh)
    noneDisplay = stored(str, "noneDisplay", "None", _update_none)
    showHidden = stored(bool, "showHidden", False, _refresh)
    showChildNodeTypes = stored(bool, "showChildNodeTypes", True, _refresh)
    hideChildNodeTypes = stored("QStringList", "hideChildNodeTypes", [], _refresh)
    addEnabled = stored(bool, "addEnabled", True)
    removeEnabled = stored(bool, "removeEnabled", True)
    editEnabled = stored(bool, "editEnabled", False)
    renameEnabled = stored(bool, "renameEnabled", False)
    selectNodeUponCreation = stored(bool, "selectNodeUponCreation", True)
    baseName = stored(str, "baseName", "")
    interactionNodeSingletonTag = stored(str, "interactionNodeSingletonTag", "")

    @QtCore.Slot()
    def mrmlScene(self):
        return self._scene

    @QtCore.Slot(object)
    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._scene_observations.end()
        self._scene = None
        self._refresh()
        with QtCore.QSignalBlocker(self._combo):
            self._scene = scene
            if scene is not None:
                for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent):
                    self._scene_observations.add(scene, event, self._refresh)
            self._refresh()
        self._choose(self._requested)
        self._requested = None
        self._on_index_changed()
        self.setEnabled(scene is not None)

    @QtCore.Slot()
    def currentNode(self):
        return self._scene.GetNodeByID(self._current_id()) if self._scene and self._current_id() else None

    @QtCore.Slot(object)
    def setCurrentNode(self, node):
        if node is not None and not isinstance(node, slicer.vtkMRMLNode):
            raise ValueError(f"qMRMLNodeComboBox.setCurrentNode takes a node, not {node!r}")
        self._choose("" if node is None else node.GetID())

    @QtCore.Slot(str)
    def setCurrentNodeID(self, node_id):
        self._choose(node_id)

    @QtCore.Slot(int)
    def setCurrentNodeIndex(self, index):
        self._combo.setCurrentIndex(index + int(self.property("noneEnabled")))

    @QtCore.Slot()
    def nodeCount(self):
        return self._combo.count() - int(self.property("noneEnabled"))

    @QtCore.Slot(int)
    def nodeFromIndex(self, index):
        node_id = self._combo.itemData(index + int(self.property("noneEnabled")), ID)
        return self._scene.GetNodeByID(node_id) if node_id else None

    @QtCore.Slot(str, str, object)
    def addAttribute(self, node_type, name, value=None):
        self._attributes.append((node_type, name, value))
        self._refresh()

    @QtCore.Slot()
    def addNode(self, node_type=""):
        node = self._scene.AddNewNodeByClass(node_type or self.property("nodeTypes")[0], self.property("baseName"))
        if self.property("selectNodeUponCreation"):
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node
