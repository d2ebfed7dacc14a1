"""The loader of ``.ui`` files, with CTK's and Slicer's widgets."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools, QtWidgets

CLASSES: dict[str, type] = {}
"""The stand-ins by their names."""


class QUiLoader(QtUiTools.QUiLoader):
    """Makes the widgets of a ``.ui`` file; a class that this host does not have is an error."""

    def createWidget(self, name, parent=None, object_name=""):
        if name in CLASSES:
            widget = CLASSES[name](parent)
            widget.setObjectName(object_name)
            return widget
        if name not in self.availableWidgets() and name != "QWidget":
            raise NotImplementedError(f"this host has no widget {name}")
        return super().createWidget(name, parent, object_name)

    @QtCore.Slot(object, object)
    def load(self, device, parent=None):
        document = ElementTree.fromstring(device.readAll().data())
        connections = document.find("connections")
        if connections is not None:  # PySide6 does not know the types of MRML's signals
            document.remove(connections)
        for flags in document.iter("set"):
            _make_number(flags)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(document))
        buffer.open(QtCore.QIODevice.ReadOnly)
        widget = super().load(buffer, parent)
        for connection in connections if connections is not None else ():
            _connect(widget, *(connection.find(one).text for one in ("sender", "signal", "receiver", "slot")))
        return widget


def _make_number(flags: ElementTree.Element) -> None:
    """Write a stand-in's own flags as their number, as PySide6 knows them not."""
    names = [one.split("::") for one in flags.text.split("|")]
    if all(name[0] in CLASSES for name in names):
        flags.tag, flags.text = "number", str(sum(getattr(CLASSES[owner], flag) for owner, flag in names))


def _connect(top: QtWidgets.QWidget, sender: str, signal: str, receiver: str, slot: str) -> None:
    from pythonqt.signals import connect_slot

    def find(name):
        found = top if top.objectName() == name else top.findChild(QtCore.QObject, name)
        if found is None:
            raise ValueError(f"the .ui file connects {name}, which is not in it")
        return found

    if not connect_slot(find(sender), signal, find(receiver), slot):
        raise ValueError(f"the .ui file connects {sender}.{signal} with {receiver}.{slot}, which cannot be")
