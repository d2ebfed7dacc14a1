"""Modules: those of the application with their logics, and scripted ones with their widgets."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import slicer
from PySide6 import QtCore, QtWidgets
from pythonqt import wrap
from slicer_widgets.ctk_buttons import ctkCollapsibleButton
from slicer_widgets.mrml_widget import qMRMLWidget
from slicer_widgets.stored import stored

LOGICS = {
    "Colors": "vtkMRMLColorLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}
"""Slicer's own modules that this host has, by their names; of a module only the logic."""


class ModuleNames:
    """``slicer.modules``: modules by their names in lower case, widgets of scripted modules as ``<Name>Widget``."""


class _Module(QtCore.QObject):
    title = stored(str, "title", "")
    name = QtCore.Property(str, lambda self: self.objectName())
    path = stored(str, "path", "")
    hidden = stored(bool, "hidden", False)


class qSlicerLoadableModule(_Module):
    def __init__(self, name, logic):
        super().__init__()
        self.setObjectName(name)
        self.setProperty("title", name)
        self._logic = logic

    @QtCore.Slot()
    def logic(self):
        return self._logic


class qSlicerScriptedLoadableModule(_Module):
    """What a module's class gets as its ``parent``: the description that the application shows."""

    categories = stored("QStringList", "categories", [])
    dependencies = stored("QStringList", "dependencies", [])
    contributors = stored("QStringList", "contributors", [])
    helpText = stored(str, "helpText", "")
    acknowledgementText = stored(str, "acknowledgementText", "")
    icon = stored("QIcon", "icon", None)
    index = stored(int, "index", -1)
    widgetRepresentationCreationEnabled = stored(bool, "widgetRepresentationCreationEnabled", True)

    def __init__(self, path: Path):
        super().__init__()
        self.setObjectName(path.stem)
        self.setProperty("path", str(path))
        self._widget = None
        self._logic = slicer.vtkSlicerScriptedLoadableModuleLogic()

    @QtCore.Slot()
    def logic(self):
        return self._logic

    @QtCore.Slot()
    def widgetRepresentation(self):
        if self._widget is None:
            self._widget = self.createNewWidgetRepresentation()
        return self._widget

    @QtCore.Slot()
    def createNewWidgetRepresentation(self):
        widget = qSlicerScriptedLoadableModuleWidget(self)
        widget.make()
        return widget


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The parent of a scripted module's panel, which is made by the module's widget class."""

    isEntered = QtCore.Property(bool, lambda self: self._entered)

    def __init__(self, module: qSlicerScriptedLoadableModule):
        super().__init__()
        self.module = module
        self.setObjectName(f"{module.objectName()}ModuleWidget")
        self._entered = False
        self._python = None
        self.setLayout(QtWidgets.QVBoxLayout())
        self.setMRMLScene(slicer.mrmlScene)

    def make(self):
        name = self.module.objectName()
        help_button = ctkCollapsibleButton("Help && Acknowledgement")
        text = QtWidgets.QTextBrowser()
        text.setHtml(f"{self.module.property('helpText')}<p>{self.module.property('acknowledgementText')}")
        QtWidgets.QVBoxLayout(help_button).addWidget(text)
        help_button.setProperty("collapsed", True)
        self.layout().addWidget(help_button)
        self._python = getattr(sys.modules[name], f"{name}Widget")(wrap(self))
        setattr(slicer.modules, f"{name}Widget", self._python)
        self._python.setup()

    @QtCore.Slot()
    def reload(self):
        """Make the panel again. As in Slicer it is set up, and not entered."""
        self.make()

    @QtCore.Slot()
    def self(self):
        return self._python

    def enter(self):
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def leave(self):
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


class qSlicerModuleManager(QtCore.QObject):
    moduleLoaded = QtCore.Signal(str)
    moduleAboutToBeUnloaded = QtCore.Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._modules = {}

    @QtCore.Slot(str)
    def module(self, name):
        return self._modules.get(name)

    @QtCore.Slot()
    def modulesNames(self):
        return list(self._modules)

    def add(self, module):
        self._modules[module.objectName()] = module
        setattr(slicer.modules, module.objectName().lower(), wrap(module))

    def add_own(self, scene, application_logic):
        """Add Slicer's own modules, with their logics on the scene."""
        for name, class_name in LOGICS.items():
            logic = getattr(slicer, class_name)()
            logic.SetMRMLApplicationLogic(application_logic)
            application_logic.SetModuleLogic(name, logic)
            logic.SetMRMLScene(scene)
            self.add(qSlicerLoadableModule(name, logic))

    def load(self, path: Path) -> qSlicerScriptedLoadableModule:
        """Load a scripted module's file, as Slicer does when it starts."""
        name = path.stem
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        code = importlib.util.module_from_spec(spec)
        sys.modules[name] = code
        spec.loader.exec_module(code)
        module = qSlicerScriptedLoadableModule(path)
        self.add(module)
        setattr(slicer.modules, f"{name}Instance", getattr(code, name)(wrap(module)))
        self.moduleLoaded.emit(name)
        return module

    def unload(self):
        """Take all modules away; the scripted ones clean up."""
        for name in list(self._modules):
            self.moduleAboutToBeUnloaded.emit(name)
        self._modules = {}
