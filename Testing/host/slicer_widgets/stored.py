"""Qt properties that only keep their value, and slots that set a property."""

from __future__ import annotations

from collections.abc import Callable

from PySide6 import QtCore


def stored(kind: str | type, name: str, default, changed: Callable | None = None) -> QtCore.Property:
    """Return a Qt property of a type that is kept as ``_name``.

    Parameters
    ----------
    kind : str or type
        The C++ type, or Python's.
    name : str
        Of the property.
    default : object
        Its value before it is set.
    changed : callable, optional
        Called with the widget after the value has changed.
    """
    attribute = f"_{name}"

    def get(widget):
        return getattr(widget, attribute, default)

    def set_(widget, value):
        if value != get(widget):
            setattr(widget, attribute, value)
            if changed is not None:
                changed(widget)

    return QtCore.Property(kind, get, set_)


def setter(kind: type, name: str) -> Callable:
    """Return the slot that sets a property."""

    @QtCore.Slot(kind)
    def set_(widget, value):
        widget.setProperty(name, value)

    return set_
