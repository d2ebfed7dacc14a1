"""The wrappers' classes: one for each class of Qt, made when it is first asked for."""

from __future__ import annotations

import enum
import weakref

import shiboken6
from PySide6 import QtCore

from . import attributes, conversion


class ClassWrapper(type):
    """The class of a class such as ``qt.QPushButton``: it makes objects and has static functions and enum values."""

    def __new__(mcs, name, bases, members):
        if "qt_class" not in members:
            raise TypeError("this host has no subclassing of Qt's classes in Python")
        return super().__new__(mcs, name, bases, members)

    def __call__(cls, *arguments, **keywords):
        return conversion.call(cls.qt_class, cls.__name__, arguments, keywords)

    def __getattr__(cls, name):
        found = getattr(cls.qt_class, name, None)
        if isinstance(found, enum.Enum):
            return found.value
        if isinstance(found, int):  # an enum's value of a stand-in
            return found
        if isinstance(found, enum.EnumType):
            return int
        if isinstance(found, type):
            return class_of(found)
        if callable(found) and not name.startswith("_"):
            return attributes.Method(found, f"{cls.__name__}.{name}")
        raise AttributeError(f"{cls.__name__} has no attribute named '{name}'")

    def __setattr__(cls, name, value):
        raise AttributeError(f"attributes of {cls.__name__} can not be set")


class Wrapper:
    """What all wrappers have in common. There is no inheritance among them, as there is none among PythonQt's."""

    __slots__ = ("__weakref__", "_wrapped")

    def __getattr__(self, name):
        return attributes.read(self._wrapped, self, name)

    def __setattr__(self, name, value):
        attributes.write(self._wrapped, self, name, value)

    def __eq__(self, other):
        if not isinstance(other, Wrapper):
            return NotImplemented
        if isinstance(self._wrapped, QtCore.QObject):
            return _address(self._wrapped) == _address(other._wrapped)
        return self._wrapped == other._wrapped

    def __hash__(self):
        return hash(_address(self._wrapped))

    def __bool__(self):
        return shiboken6.isValid(self._wrapped)

    def __repr__(self):
        return f"{type(self).__name__} ({self._wrapped!r})"

    def __str__(self):
        return str(self._wrapped)


_classes: dict[type, ClassWrapper] = {}
_wrappers: weakref.WeakValueDictionary[int, Wrapper] = weakref.WeakValueDictionary()


def class_of(qt_class: type) -> ClassWrapper:
    """Return the wrapper of a class of PySide6, or of a stand-in that is derived from one."""
    if qt_class not in _classes:
        members = {"__slots__": (), "qt_class": qt_class, "__module__": qt_class.__module__}
        _classes[qt_class] = ClassWrapper(qt_class.__name__, (Wrapper,), members)
    return _classes[qt_class]


def wrap(thing):
    """Return the wrapper of one of PySide6's objects: the same one as long as somebody holds it."""
    address = _address(thing)
    known = _wrappers.get(address)
    if known is not None and known._wrapped is thing:
        return known
    wrapper = object.__new__(class_of(type(thing)))
    object.__setattr__(wrapper, "_wrapped", thing)
    if isinstance(thing, QtCore.QObject):
        _wrappers[address] = wrapper
    return wrapper


def unwrap(value):
    """Return the object of PySide6 that a wrapper holds; anything else as it is."""
    if isinstance(value, Wrapper):
        return value._wrapped
    return value.qt_class if isinstance(value, ClassWrapper) else value


def _address(thing) -> int:
    return shiboken6.getCppPointer(thing)[0] if shiboken6.isValid(thing) else id(thing)
