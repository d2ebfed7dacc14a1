"""Stands in for ``slicer.app``."""

from __future__ import annotations

import tempfile

import slicer
from PySide6 import QtCore, QtWidgets

from .io import qSlicerCoreIOManager
from .modules import qSlicerModuleManager


class qSlicerApplication(QtWidgets.QApplication):
    """Qt's application, with the scene's logic and the managers of modules, files and layout."""

    startupCompleted = QtCore.Signal()

    def __init__(self):
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self.setOrganizationName("NA-MIC")
        self.setQuitOnLastWindowClosed(False)
        self.setStyle("Fusion")
        self._folder = tempfile.TemporaryDirectory(prefix="slicer-settings-")
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
        QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, self._folder.name)
        self._settings = QtCore.QSettings()
        self._module_manager = qSlicerModuleManager(self)
        self._io_manager = qSlicerCoreIOManager(self)
        self._logic = None
        self._layout_manager = None
        self._testing = False

    @QtCore.Slot()
    def applicationLogic(self):
        return self._logic

    @QtCore.Slot()
    def mrmlScene(self):
        return slicer.mrmlScene

    @QtCore.Slot()
    def layoutManager(self):
        return self._layout_manager

    @QtCore.Slot()
    def moduleManager(self):
        return self._module_manager

    @QtCore.Slot()
    def coreIOManager(self):
        return self._io_manager

    ioManager = coreIOManager

    @QtCore.Slot()
    def settings(self):
        return self._settings

    userSettings = settings
    revisionUserSettings = settings

    @QtCore.Slot()
    def testingEnabled(self):
        return self._testing

    @QtCore.Slot()
    def pythonConsole(self):
        return None

    @QtCore.Slot()
    def pauseRender(self):
        self._layout_manager.hold(True)

    @QtCore.Slot()
    def resumeRender(self):
        self._layout_manager.hold(False)

    @QtCore.Slot(str)
    def moduleDocumentationUrl(self, name):
        return f"https://slicer.readthedocs.io/en/latest/user_guide/modules/{name.lower()}.html"

    @QtCore.Slot()
    def restart(self):
        restarts.append(True)

    temporaryPath = QtCore.Property(str, lambda self: self._folder.name)
    slicerHome = QtCore.Property(str, lambda self: self._folder.name)
    documentationBaseUrl = QtCore.Property(str, lambda self: "https://slicer.readthedocs.io/en/latest/")


restarts: list[bool] = []
"""One entry for each time that somebody asked for a restart."""
