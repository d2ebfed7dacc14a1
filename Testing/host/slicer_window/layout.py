"""Stands in for the layout manager: three slice views, red (axial), green (coronal) and yellow (sagittal)."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from .slice_view import qMRMLSliceWidget

VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}


class qSlicerLayoutManager(QtCore.QObject):
    """Holds the slice views. There are no 3D, table or plot views."""

    threeDViewCount = QtCore.Property(int, lambda self: 0)
    tableViewCount = QtCore.Property(int, lambda self: 0)
    plotViewCount = QtCore.Property(int, lambda self: 0)
    layout = QtCore.Property(int, lambda self: self._layout, lambda self, value: setattr(self, "_layout", value))

    def __init__(self, scene, application_logic):
        super().__init__()
        self._layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        self._logics = vtk.vtkCollection()
        self._widgets = {}
        for name, orientation in VIEWS.items():
            self._widgets[name] = qMRMLSliceWidget(name, orientation, scene, application_logic)
            self._logics.AddItem(self._widgets[name].sliceLogic())
        application_logic.SetSliceLogics(self._logics)
        self._viewport = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(self._viewport)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        no_3d = QtWidgets.QLabel("no 3D view in the test host", alignment=QtCore.Qt.AlignCenter)
        no_3d.setStyleSheet("background: #9c9cd6; color: #54548c")
        red, green, yellow = self._widgets.values()
        for number, widget in enumerate((red, no_3d, green, yellow)):
            grid.addWidget(widget, *divmod(number, 2))

    @QtCore.Slot()
    def sliceViewNames(self):
        return list(self._widgets)

    @QtCore.Slot(str)
    def sliceWidget(self, name):
        return self._widgets.get(name)

    @QtCore.Slot()
    def mrmlSliceLogics(self):
        return self._logics

    @QtCore.Slot()
    def viewport(self):
        return self._viewport

    @QtCore.Slot(int)
    def setLayout(self, layout):
        self._layout = layout

    @QtCore.Slot()
    def activeMRMLThreeDViewNode(self):
        return None

    @QtCore.Slot()
    def resetSliceViews(self):
        for widget in self._widgets.values():
            widget.sliceLogic().FitSliceToAll()

    def hold(self, paused):
        for widget in self._widgets.values():
            widget.sliceView().hold(paused)

    def close(self):
        for widget in self._widgets.values():
            widget.close_view()
