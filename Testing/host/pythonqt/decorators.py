"""What PythonQt adds to every QObject, or has in place of Qt's own."""

from __future__ import annotations

import shiboken6
from PySide6 import QtCore

from . import classes, signals
from .conversion import to_python, to_qt


def get_property(wrapper, name: str):
    return to_python(classes.unwrap(wrapper).property(name))


def set_property(wrapper, name: str, value) -> bool:
    return classes.unwrap(wrapper).setProperty(name, to_qt(value))


def parent(wrapper):
    return to_python(classes.unwrap(wrapper).parent())


def children(wrapper) -> tuple:
    return to_python(classes.unwrap(wrapper).children())


def find_children(wrapper, kind, name: str = "") -> tuple:
    """Find all descendants of a class (or with a class of this name among their bases) and, if given, of a name."""
    named = kind if isinstance(kind, str) else classes.unwrap(kind).__name__
    found = classes.unwrap(wrapper).findChildren(QtCore.QObject)
    return tuple(classes.wrap(one) for one in found if one.inherits(named) and name in ("", one.objectName()))


def find_child(wrapper, kind, name: str = ""):
    found = find_children(wrapper, kind, name)
    return found[0] if found else None


def connect(wrapper, signal: str, receiver, slot: str | None = None) -> bool:
    if slot is not None:
        return signals.connect_slot(classes.unwrap(wrapper), signal, classes.unwrap(receiver), slot)
    return signals.connect(classes.unwrap(wrapper), signal, receiver)


def disconnect(wrapper, signal: str, receiver=None, slot: str | None = None) -> bool:
    if slot is not None:
        return QtCore.QObject.disconnect(classes.unwrap(wrapper), f"2{signal}", classes.unwrap(receiver), f"1{slot}")
    return signals.disconnect(classes.unwrap(wrapper), signal, receiver)


def delete(wrapper) -> None:
    shiboken6.delete(classes.unwrap(wrapper))


OF_OBJECTS = {
    "property": get_property,
    "setProperty": set_property,
    "parent": parent,
    "children": children,
    "findChildren": find_children,
    "findChild": find_child,
    "connect": connect,
    "disconnect": disconnect,
    "delete": delete,
}
