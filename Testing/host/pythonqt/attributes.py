"""Attributes of a wrapped object, looked up in PythonQt's order: properties, methods and signals, enums, dynamic
properties, children by their name."""

from __future__ import annotations

import enum
import functools
import inspect

import shiboken6
from PySide6 import QtCore

from . import conversion, decorators
from .signals import BoundSignal, signatures_of

NOT_A_PROPERTY = {("QTimer", "singleShot")}  # PythonQt has the static function in its place


class Method:
    """A function of Qt. There is nothing to set on it."""

    __slots__ = ("_function", "_name")

    def __init__(self, function, name):
        self._function, self._name = function, name

    def __call__(self, *arguments, **keywords):
        return conversion.call(self._function, self._name, arguments, keywords)

    def __repr__(self):
        return f"<{self._name}>"


def read(thing, wrapper, name: str):
    """Return an attribute.

    Raises
    ------
    AttributeError
        There is none of this name.
    ValueError
        Qt has deleted the object.
    """
    if not shiboken6.isValid(thing):
        raise ValueError(f"Trying to read '{name}' of a destroyed {type(thing).__name__} object")
    found = _property(thing, name)
    if found is not None:
        return conversion.to_python(found.read(thing))
    function = _method(thing, wrapper, name)
    if function is not None:
        return function
    if isinstance(getattr(type(thing), name, None), enum.Enum):
        return getattr(type(thing), name).value
    if isinstance(thing, QtCore.QObject):
        if name in thing.dynamicPropertyNames():
            return conversion.to_python(thing.property(name))
        for child in thing.children():
            if child.objectName() == name:
                return conversion.to_python(child)
    raise AttributeError(f"{type(thing).__name__} has no attribute named '{name}'")


def write(thing, wrapper, name: str, value) -> None:
    """Set a property. No other attribute can be set, and none can be made."""
    kind = type(thing).__name__
    if not shiboken6.isValid(thing):
        raise AttributeError(f"Trying to set '{name}' of a destroyed {kind} object")
    found = _property(thing, name)
    if found is not None:
        if not found.isWritable():
            raise AttributeError(f"Property '{name}' of {kind} object is not writable")
        type_name = "int" if found.isEnumType() else found.typeName()
        if not conversion.property_takes(type_name, value) or not found.write(thing, conversion.to_qt(value)):
            raise AttributeError(
                f"Property '{name}' of type '{found.typeName()}' does not accept an object of type "
                f"{type(value).__name__} ({value!r})"
            )
    elif _method(thing, wrapper, name) is not None:
        raise AttributeError(f"Slot '{name}' can not be overwritten on {kind} object")
    elif isinstance(thing, QtCore.QObject) and name in thing.dynamicPropertyNames():
        thing.setProperty(name, conversion.to_qt(value))
    else:
        raise AttributeError(f"'{name}' does not exist on {kind} and creating new attributes is not allowed")


def _property(thing, name: str) -> QtCore.QMetaProperty | None:
    if not isinstance(thing, QtCore.QObject) or (type(thing).__name__, name) in NOT_A_PROPERTY:
        return None
    description = thing.metaObject()
    index = description.indexOfProperty("objectName" if name == "name" else name)
    return None if index < 0 else description.property(index)


def _method(thing, wrapper, name: str):
    if isinstance(thing, QtCore.QObject):
        if name in decorators.OF_OBJECTS:
            return functools.partial(decorators.OF_OBJECTS[name], wrapper)
        if signatures_of(thing, name):
            return BoundSignal(thing, name)
    if name == "className":
        return lambda: type(thing).__name__
    if name.startswith("_"):
        return None
    for spelling in (name.removesuffix("_"), name):  # exec_ is exec
        function = getattr(thing, spelling, None)
        if callable(function) and _is_seen(type(thing), spelling):
            return Method(function, f"{type(thing).__name__}.{name}")
    return None


@functools.cache
def _is_seen(qt_class: type, name: str) -> bool:
    """Of what is written in Python (a stand-in's class) only the slots are seen, as of a plain C++ class."""
    member = inspect.getattr_static(qt_class, name, None)
    if isinstance(member, enum.Enum | type):
        return False
    member = getattr(member, "__func__", member)
    return hasattr(member, "_slots") or not inspect.isfunction(member)
