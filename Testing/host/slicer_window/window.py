"""The open application, and what a test does with it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pythonqt
import slicer
import vtk
from lent_slicer import lend
from PySide6 import QtCore, QtTest, QtWidgets
from pythonqt.modules import QT
from slicer_widgets import OF_CTK, OF_QT, OF_SLICER, dialogs

from . import modules
from .display import provide_display
from .layout import qSlicerLayoutManager
from .main_window import qSlicerMainWindow

ROOT = Path(__file__).parents[3]
LENT = ("app", "modules", "mrmlScene")
"""What `Window` puts into ``slicer`` and takes away again."""


class Window:
    """The open application. One at a time; `close` leaves ``slicer`` as it was."""

    def __init__(self):
        self.app = QtWidgets.QApplication.instance()
        self._before = {name: getattr(slicer, name) for name in LENT if hasattr(slicer, name)}
        self._excepthook, sys.excepthook = sys.excepthook, self._record
        self.scene = slicer.mrmlScene = slicer.vtkMRMLScene()
        slicer.modules = modules.ModuleNames()
        logic = self.app._logic = slicer.vtkSlicerApplicationLogic()
        logic.SetTemporaryPath(self.app.property("temporaryPath"))
        logic.SetMRMLScene(self.scene)
        self._files = slicer.vtkMRMLRemoteIOLogic()  # bundles are unpacked in its cache
        self._files.GetCacheManager().SetRemoteCacheDirectory(self.app.property("temporaryPath"))
        self._files.SetMRMLScene(self.scene)
        self._files.AddDataIOToScene()
        self.app._module_manager.add_own(self.scene, logic)
        self.layout_manager = self.app._layout_manager = qSlicerLayoutManager(self.scene, logic)
        slicer.app = pythonqt.wrap(self.app)
        self.main = qSlicerMainWindow(self.layout_manager)
        self.main.show()
        self.settle()

    def open_module(self, path: Path | str):
        """Load a module's file ("LungTumorSeg": the project's) and show its panel; return the module's widget."""
        path = ROOT / path / f"{path}.py" if isinstance(path, str) else path
        self.app._module_manager.load(path)
        self.app.startupCompleted.emit()
        slicer.util.selectModule(path.stem)
        self.settle()
        return slicer.util.getModuleWidget(path.stem)

    def settle(self, seconds: float = 0.0) -> None:
        """Let Qt do what there is to do, at least for some time."""
        end = time.monotonic() + seconds
        self.app.processEvents()
        while time.monotonic() < end:
            self.app.processEvents(QtCore.QEventLoop.AllEvents, 20)
            time.sleep(0.002)
        self.app.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)

    def wait(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Let Qt run until something is so.

        Raises
        ------
        TimeoutError
            It was not so within the time.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds} s for {condition}")
            self.settle(0.01)

    def click(self, widget, at: tuple[int, int] | None = None) -> None:
        """Press and release the left mouse button in the middle of a widget, or at a point in it."""
        inner = pythonqt.unwrap(widget)
        point = inner.rect().center() if at is None else QtCore.QPoint(*at)
        QtTest.QTest.mouseClick(inner, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, point)
        self.settle()

    def drag(self, view: str, points: list[tuple[float, float, float]]) -> None:
        """Press the left mouse button on a slice view, move and release.

        Parameters
        ----------
        view : str
            "Red", "Green" or "Yellow".
        points : list of tuple
            Where the mouse goes: world RAS, mm.
        """
        inner = self.layout_manager.sliceWidget(view).sliceView()
        places = [QtCore.QPoint(*self.view_point(view, point)) for point in points]
        QtTest.QTest.mouseMove(inner, places[0])
        self.settle(0.02)
        QtTest.QTest.mousePress(inner, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, places[0])
        for place in places[1:]:
            QtTest.QTest.mouseMove(inner, place)
            self.settle(0.02)
        QtTest.QTest.mouseRelease(inner, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, places[-1])
        self.settle(0.02)

    def view_point(self, view: str, point: tuple[float, float, float]) -> tuple[int, int]:
        """Return where a point (world RAS, mm) lies in a slice view: x, y from its upper left corner, in pixels."""
        inner = self.layout_manager.sliceWidget(view).sliceView()
        to_view = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(inner.mrmlSliceNode().GetXYToRAS(), to_view)
        x, y, *_ = to_view.MultiplyPoint((*point, 1))
        return round(x), round(inner.height() - 1 - y)

    def grab(self, path: Path, widget=None) -> Path:
        """Write a picture of the window, or of one of its widgets."""
        self.settle(0.1)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (pythonqt.unwrap(widget) if widget is not None else self.main).grab().save(str(path)):
            raise OSError(f"cannot write {path}")
        return path

    def close(self) -> None:
        """Close the application; what went wrong in callbacks meanwhile is raised now."""
        try:
            self.app.aboutToQuit.emit()
            self.main.show_panel(None)
            self.app._module_manager.unload()
        finally:
            self._put_away()
        faults = list(pythonqt.faults)
        pythonqt.faults.clear()
        if faults:
            raise BaseExceptionGroup("callbacks raised", faults)

    def _put_away(self) -> None:
        self.layout_manager.close()
        self.scene.Clear()
        self._files.RemoveDataIOFromScene()
        self.main.close()
        self.main.deleteLater()
        self.settle()
        self.app._layout_manager = self.app._logic = None
        for name in LENT:
            delattr(slicer, name)
        vars(slicer).update(self._before)
        sys.excepthook = self._excepthook
        dialogs.answers.clear()
        dialogs.asked.clear()

    def _record(self, kind, error, trace) -> None:
        """What callbacks of VTK and slots of Qt raise comes here."""
        pythonqt.faults.append(error)
        self._excepthook(kind, error, trace)


def open_window() -> Window:
    """Open the application, with ``qt``, ``ctk`` and the missing names of ``slicer`` lent before."""
    start_qt()
    lend()
    return Window()


def start_qt():
    """Lend ``qt`` and ``ctk`` and return Qt's application, without a scene or a window. It is there once."""
    from .application import qSlicerApplication

    provide_display()
    lend_qt()
    return QtWidgets.QApplication.instance() or qSlicerApplication()


def lend_qt() -> None:
    """Put ``qt`` and ``ctk`` among Python's modules, and the names of Slicer's widgets into ``slicer``."""
    if "qt" in sys.modules:
        return
    sys.modules["qt"] = pythonqt.namespace("qt", "Qt, as PythonQt has it.", OF_QT, QT)
    sys.modules["ctk"] = pythonqt.namespace("ctk", "CTK's widgets.", OF_CTK)
    module_classes = (modules.qSlicerScriptedLoadableModule, modules.qSlicerScriptedLoadableModuleWidget)
    for one in (*OF_SLICER.values(), *module_classes):
        setattr(slicer, one.__name__, pythonqt.class_of(one))
