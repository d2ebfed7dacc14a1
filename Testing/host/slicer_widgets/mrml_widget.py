"""What Slicer's widgets have in common: a scene, which they observe."""

from __future__ import annotations

import weakref
from typing import ClassVar

import shiboken6
import slicer
from PySide6 import QtCore, QtWidgets


class Observations:
    """VTK observations by a widget's methods. They do not keep the widget, and end with it."""

    def __init__(self):
        self._made = []

    def add(self, thing, event, method) -> None:
        reference = weakref.WeakMethod(method)

        def callback(*arguments):
            alive = reference()
            if alive is not None and shiboken6.isValid(alive.__self__):
                alive(*arguments)

        self._made.append((thing, thing.AddObserver(event, callback)))

    def end(self) -> None:
        for thing, tag in self._made:
            thing.RemoveObserver(tag)
        self._made = []

    def __del__(self):
        self.end()


class qMRMLWidget(QtWidgets.QWidget):
    mrmlSceneChanged = QtCore.Signal(object)
    SIGNATURES: ClassVar = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged(PyObject)"}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    @QtCore.Slot()
    def mrmlScene(self):
        return self._scene

    @QtCore.Slot(object)
    def setMRMLScene(self, scene):
        if scene is not None and not isinstance(scene, slicer.vtkMRMLScene):
            raise ValueError(f"{type(self).__name__}.setMRMLScene takes a scene, not {scene!r}")
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)
