"""The main window: the module's panel on the left, the views on the right."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .layout import qSlicerLayoutManager


class qSlicerMainWindow(QtWidgets.QMainWindow):
    def __init__(self, layout_manager: qSlicerLayoutManager):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer (test host)")
        self._selector = qSlicerModuleSelectorToolBar(self)
        self._panel = QtWidgets.QScrollArea()
        self._panel.setWidgetResizable(True)
        self._panel.setMinimumWidth(520)
        splitter = QtWidgets.QSplitter()
        splitter.addWidget(self._panel)
        splitter.addWidget(layout_manager.viewport())
        splitter.setStretchFactor(1, 1)
        self.setCentralWidget(splitter)
        self.statusBar()
        self.resize(1500, 1100)

    @QtCore.Slot()
    def moduleSelector(self):
        return self._selector

    def show_panel(self, widget):
        previous = self._panel.takeWidget()
        if previous is not None:
            previous.leave()
            previous.setParent(None)
        if widget is not None:
            self._panel.setWidget(widget)
            widget.enter()


class qSlicerModuleSelectorToolBar(QtCore.QObject):
    selectedModule = QtCore.Property(str, lambda self: self._selected)

    def __init__(self, window):
        super().__init__(window)
        self._selected = ""

    @QtCore.Slot(str)
    def selectModule(self, name):
        """Show a module's panel; one of Slicer's own, which has none here, leaves the place empty."""
        self._selected = name
        module = QtWidgets.QApplication.instance().moduleManager().module(name)
        widget = module.widgetRepresentation() if hasattr(module, "widgetRepresentation") else None
        self.parent().show_panel(widget)
