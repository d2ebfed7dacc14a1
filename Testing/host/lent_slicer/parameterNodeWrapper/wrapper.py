"""The class decorator: a parameter node's parameters as attributes, connected with a panel's widgets."""

from __future__ import annotations

import typing

import slicer
import vtk

from .annotations import Default
from .parameters import Parameter

PROPERTY = "SlicerParameterName"


class Connections:
    """Methods of the decorated class, beside its parameters."""

    def __init__(self, parameterNode):
        self.parameterNode = parameterNode
        self._guis = {}
        self._updating = False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default())

    def getValue(self, name):
        return self.allParameters[name].read(self.parameterNode)

    def setValue(self, name, value):
        self.allParameters[name].write(self.parameterNode, value)

    def default(self, name):
        return Default(self.allParameters[name].default())

    def isCached(self, name):
        return True

    def dataType(self, name):
        return self.allParameters[name].declared

    def connectGui(self, gui):
        """Connect widgets that have the dynamic property: children of a widget, or an object's attributes."""
        widgets = gui.findChildren("QWidget") if hasattr(gui, "isWidgetType") else vars(gui).values()
        named = {one.property(PROPERTY): one for one in widgets if one.property(PROPERTY)}
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping):
        from .connectors import connector

        unknown = set(mapping) - set(self.allParameters)
        if unknown:
            raise ValueError(f"Cannot find a param with the given name: {', '.join(unknown)}")
        connectors = {name: connector(widget, self.allParameters[name]) for name, widget in mapping.items()}
        for name, one in connectors.items():
            one.write(self.getValue(name))
            one.connect(lambda name=name, one=one: self._on_widget(name, one))
        tag = len(self._guis)
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._to_widgets())
        self._guis[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, tag):
        if self._guis.get(tag) is not None:
            connectors, observer = self._guis[tag]
            for one in connectors.values():
                one.disconnect()
            self.RemoveObserver(observer)
            self._guis[tag] = None

    def _on_widget(self, name, one):
        if not self._updating:
            self.setValue(name, one.read())

    def _to_widgets(self):
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self):
                for connectors, _ in filter(None, self._guis.values()):
                    for name, one in connectors.items():
                        one.write(self.getValue(name))
        finally:
            self._updating = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModifying):
        return self.parameterNode.EndModify(wasModifying)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        self.parameterNode.Modified()


def parameterNodeWrapper(cls=None):
    """Make a class with annotated names a wrapper of a parameter node."""
    return _wrap if cls is None else _wrap(cls)


def isParameterNodeWrapper(thing) -> bool:
    return hasattr(thing, "allParameters")


def _wrap(cls):
    parameters = {}
    for name, declared in typing.get_type_hints(cls, include_extras=True).items():
        if hasattr(cls, name):  # a default by assignment
            declared = typing.Annotated[declared, Default(getattr(cls, name))]
        parameters[name] = Parameter(name, declared)
        setattr(cls, name, _attribute(name))
    for name, member in vars(Connections).items():
        if name == "__init__" or not name.startswith("__"):
            if name != "__init__" and name in parameters:
                raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
            setattr(cls, name, member)
    cls.allParameters = parameters
    return cls


def _attribute(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))
