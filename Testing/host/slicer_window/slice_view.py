"""A slice view: Slicer's own slice logic and displayable managers, drawn by VTK into a picture that Qt shows."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
)
COLORS = {"Red": "#f34a33", "Green": "#6eb04b", "Yellow": "#edd54c"}
BUTTONS = {QtCore.Qt.LeftButton: "LeftButton", QtCore.Qt.RightButton: "RightButton"}


class qMRMLSliceView(QtWidgets.QWidget):
    """Shows one slice: volumes, segments, and markups, which can be dragged. No graphics card is needed (EGL)."""

    def __init__(self, logic, application_logic):
        super().__init__()
        self.setMinimumSize(100, 100)
        self.setMouseTracking(True)
        self._logic = logic
        self._held = False
        self._scheduled = False
        self._picture = QtGui.QImage()
        self.render_window = vtk.vtkEGLRenderWindow()
        self.render_window.SetOffScreenRendering(True)
        self.render_window.SetMultiSamples(0)  # halves the time
        renderer = vtk.vtkRenderer()
        self.render_window.AddRenderer(renderer)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        renderer.AddViewProp(self._image)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.render_window)
        self._interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self._interactor.Initialize()
        self._managers = _displayable_managers(renderer, application_logic)
        self._managers.SetMRMLDisplayableNode(logic.GetSliceNode())
        self._style = slicer.vtkMRMLSliceViewInteractorStyle()
        self._style.SetSliceLogic(logic)
        self._style.SetDisplayableManagers(self._managers)
        self._style.SetInteractor(self._interactor)
        self._observed = [
            (one, one.AddObserver(event, self._on_change))
            for one, event in ((self._managers, "UpdateEvent"), (logic, "ModifiedEvent"))
        ]

    def hold(self, paused: bool) -> None:
        self._held = paused
        self._on_change()

    def close_view(self) -> None:
        for one, tag in self._observed:
            one.RemoveObserver(tag)
        self._managers.SetMRMLDisplayableNode(None)
        self._style.SetInteractor(None)
        self._interactor.SetRenderWindow(None)
        self.render_window.Finalize()
        self._held = True

    @QtCore.Slot()
    def interactor(self):
        return self._interactor

    @QtCore.Slot()
    def renderWindow(self):
        return self.render_window

    @QtCore.Slot()
    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    @QtCore.Slot()
    def interactorObserver(self):
        return self._style

    def _on_change(self, *_):
        if not self._scheduled:
            self._scheduled = True
            QtCore.QTimer.singleShot(0, self, self._draw)

    @QtCore.Slot()
    def scheduleRender(self):
        self._on_change()

    @QtCore.Slot()
    def forceRender(self):
        self._draw()

    def _draw(self):
        self._scheduled = False
        if self._held or self._logic.GetMRMLScene().IsBatchProcessing():
            return
        source = self._logic.GetImageDataConnection()
        self._image.SetVisibility(source is not None)
        if source is not None:
            self._mapper.SetInputConnection(source)
        self.render_window.Render()
        reader = vtk.vtkWindowToImageFilter()
        reader.SetInput(self.render_window)
        reader.ReadFrontBufferOff()
        reader.ShouldRerenderOff()
        reader.Update()
        width, height, _ = reader.GetOutput().GetDimensions()
        pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).tobytes()
        bottom_up = QtGui.QImage(pixels, width, height, 3 * width, QtGui.QImage.Format_RGB888)
        self._picture = bottom_up.flipped(QtCore.Qt.Vertical)
        self.update()

    def paintEvent(self, event):
        QtGui.QPainter(self).drawImage(0, 0, self._picture)

    def resizeEvent(self, event):
        self.render_window.SetSize(self.width(), self.height())
        self._interactor.SetSize(self.width(), self.height())
        self._logic.ResizeSliceNode(self.width(), self.height())
        self._on_change()

    # What the mouse does goes to VTK

    def mousePressEvent(self, event):
        self._pass_on(event, f"{BUTTONS.get(event.button(), 'MiddleButton')}PressEvent")

    def mouseReleaseEvent(self, event):
        self._pass_on(event, f"{BUTTONS.get(event.button(), 'MiddleButton')}ReleaseEvent")

    def mouseMoveEvent(self, event):
        self._pass_on(event, "MouseMoveEvent")

    def wheelEvent(self, event):
        direction = "Forward" if event.angleDelta().y() > 0 else "Backward"
        self._pass_on(event, f"MouseWheel{direction}Event")

    def _pass_on(self, event, name):
        keys = event.modifiers()
        self._interactor.SetEventInformationFlipY(
            round(event.position().x()),
            round(event.position().y()),
            bool(keys & QtCore.Qt.ControlModifier),
            bool(keys & QtCore.Qt.ShiftModifier),
        )
        self._interactor.InvokeEvent(name)


class qMRMLSliceWidget(QtWidgets.QWidget):
    """A slice view under a bar of its colour with a slider to go through the slices."""

    def __init__(self, name, orientation, scene, application_logic):
        super().__init__()
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(scene)
        node = self._logic.AddSliceNode(name)
        node.SetOrientation(orientation)
        self._view = qMRMLSliceView(self._logic, application_logic)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._offset = QtWidgets.QLabel()
        self._slider.valueChanged.connect(self._on_slider)
        self._tag = self._logic.AddObserver("ModifiedEvent", self._on_slice)
        bar = QtWidgets.QWidget()
        bar.setStyleSheet(f"background: {COLORS[name]}")
        row = QtWidgets.QHBoxLayout(bar)
        row.setContentsMargins(6, 1, 6, 1)
        for widget in (QtWidgets.QLabel(name[0]), self._slider, self._offset):
            row.addWidget(widget)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._view, 1)

    def _on_slice(self, *_):
        lowest, highest, spacing = self._range()
        with QtCore.QSignalBlocker(self._slider):
            self._slider.setRange(0, round((highest - lowest) / spacing))
            self._slider.setValue(round((self._logic.GetSliceOffset() - lowest) / spacing))
        self._offset.setText(f"{self._logic.GetSliceOffset():.1f} mm")

    def _on_slider(self, step):
        lowest, _, spacing = self._range()
        self._logic.SetSliceOffset(lowest + step * spacing)

    def _range(self):
        bounds = [0.0] * 6
        self._logic.GetLowestVolumeSliceBounds(bounds)
        return bounds[4], bounds[5], self._logic.GetLowestVolumeSliceSpacing()[2] or 1.0

    @QtCore.Slot()
    def sliceLogic(self):
        return self._logic

    @QtCore.Slot()
    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    @QtCore.Slot()
    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    @QtCore.Slot()
    def sliceView(self):
        return self._view

    @QtCore.Slot()
    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()

    def close_view(self):
        self._logic.RemoveObserver(self._tag)
        self._view.close_view()
        self._logic.SetMRMLScene(None)


def _displayable_managers(renderer, application_logic) -> slicer.vtkMRMLDisplayableManagerGroup:
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(application_logic)
    for name in MANAGERS:
        if not factory.IsDisplayableManagerRegistered(name):
            factory.RegisterDisplayableManager(name)
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.Initialize(factory, renderer)
    return group
