"""The modules ``qt`` and ``ctk``, and which classes of Qt are replaced."""

from __future__ import annotations

import enum
import types

from PySide6 import QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets

from .classes import class_of

QT = (QtCore, QtGui, QtWidgets, QtUiTools, QtNetwork)


def namespace(name: str, doc: str, replaced: dict[str, type], sources: tuple = ()) -> types.ModuleType:
    """Return a module whose classes are wrapped on demand.

    Parameters
    ----------
    name, doc : str
        Of the module.
    replaced : dict
        Stand-ins by the names that they are known by.
    sources : tuple of modules
        PySide6's modules where other names are looked up.
    """

    def find(wanted: str):
        if wanted in replaced:
            return class_of(replaced[wanted])
        for source in sources:
            found = getattr(source, wanted, None)
            if wanted == "Qt":
                return class_of(QtCore.Qt)
            if isinstance(found, type) and not issubclass(found, enum.Enum):
                return class_of(found)
        raise AttributeError(f"module '{name}' of this host has no attribute '{wanted}'")

    module = types.ModuleType(name, doc)
    module.__getattr__ = find
    return module
