"""Signals: connected by their C++ signature, or as the attribute of an object."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable

import shiboken6
from PySide6 import QtCore

from . import conversion

faults: list[BaseException] = []
"""What callbacks raised. PythonQt prints it and goes on; a test looks here."""

_connections: dict[int, list[tuple[str, Callable, QtCore.QMetaObject.Connection]]] = {}
"""Of each sender, by its address: the signatures, Python's callables and Qt's connections."""

_signatures: dict[tuple[type, str], dict[str, str]] = {}
"""Of each class: `_signals`."""


class BoundSignal:
    """A signal of an object, of all its overloads the first declared one."""

    __slots__ = ("_name", "_sender")

    def __init__(self, sender: QtCore.QObject, name: str):
        self._sender, self._name = sender, name

    def connect(self, callback: Callable) -> bool:
        return connect(self._sender, signatures_of(self._sender, self._name)[0], callback)

    def disconnect(self, callback: Callable | None = None) -> bool:
        return disconnect(self._sender, signatures_of(self._sender, self._name)[0], callback)

    def emit(self, *arguments) -> None:
        getattr(self._sender, self._name).emit(*map(conversion.to_qt, arguments))

    __call__ = emit


def signatures_of(sender: QtCore.QObject, name: str) -> list[str]:
    """Return the C++ signatures of the signals of a name, in the order of their declaration."""
    return [one for one in _signals(sender) if one.partition("(")[0] == name]


def connect(sender: QtCore.QObject, signal: str, callback: Callable) -> bool:
    """Connect a signal with a Python callable; a signal that there is not gives only a warning."""
    if not callable(callback):
        raise TypeError(f"{callback!r} cannot be called")
    signature = QtCore.QMetaObject.normalizedSignature(signal.lstrip("2")).data().decode()
    qt_signature = _signals(sender).get(signature)
    if qt_signature is None:
        kind = sender.metaObject().className()
        print(f"PythonQt: QObject::connect() signal '{signal}' does not exist on {kind}", file=sys.stderr)
        return False
    connection = QtCore.QObject.connect(sender, f"2{qt_signature}", _handler(callback))
    address = shiboken6.getCppPointer(sender)[0]
    if address not in _connections:
        _connections[address] = []
        sender.destroyed.connect(lambda *_: _connections.pop(address, None))
    _connections[address].append((signature, callback, connection))
    return True


def disconnect(sender: QtCore.QObject, signal: str, callback: Callable | None) -> bool:
    """Undo `connect`; without a callable for all of them."""
    signature = QtCore.QMetaObject.normalizedSignature(signal.lstrip("2")).data().decode()
    known = _connections.get(shiboken6.getCppPointer(sender)[0], [])
    meant = [one for one in known if one[0] == signature and callback in (None, one[1])]
    for one in meant:
        QtCore.QObject.disconnect(one[2])
        known.remove(one)
    return bool(meant)


def connect_slot(sender: QtCore.QObject, signal: str, receiver: QtCore.QObject, slot: str) -> bool:
    """Connect a signal with a slot, both by signature; one of MRML's types with the stand-in's slot of that name."""
    name = slot.partition("(")[0]
    if "vtk" in signal or "vtk" in slot:
        return connect(sender, signal, getattr(receiver, name))
    return bool(QtCore.QObject.connect(sender, f"2{signal}", receiver, f"1{slot}"))


def _signals(sender: QtCore.QObject) -> dict[str, str]:
    """Return Qt's signature of each signal by the one that Slicer knows it by."""
    description = sender.metaObject()
    key = (type(sender), description.className())
    if key not in _signatures:
        _signatures[key] = _read_signatures(type(sender), description)
    return _signatures[key]


def _read_signatures(qt_class: type, description: QtCore.QMetaObject) -> dict[str, str]:
    methods = [description.method(index) for index in range(description.methodCount())]
    found = {}
    for method in methods:
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal:
            signature = method.methodSignature().data().decode()
            found.setdefault(signature, signature)
    for base in qt_class.__mro__:
        for known_by, signature in vars(base).get("SIGNATURES", {}).items():
            found.pop(signature, None)
            found[known_by] = signature
    return found


def _handler(callback: Callable) -> Callable:
    """Return what Qt calls: it passes as many arguments on as the callback has and keeps exceptions from Qt."""
    count = _argument_count(callback)

    def handle(*arguments):
        try:
            callback(*map(conversion.to_python, arguments[:count]))
        except Exception as error:
            faults.append(error)
            traceback.print_exc()

    return handle


def _argument_count(callback: Callable) -> int | None:
    """Return how many arguments are passed: None means all. Only functions and methods may have fewer than the signal.

    Parameters with a default count, so that ``lambda i=i: …`` is given the signal's argument.
    """
    function = callback.__func__ if inspect.ismethod(callback) else callback
    if not inspect.isfunction(function) or function.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return function.__code__.co_argcount - inspect.ismethod(callback)
