"""Test equipment: Qt as Slicer's Python sees it, that is by PythonQt, on top of PySide6.

PythonQt and PySide6 wrap the same Qt so differently that code written for one fails in the other. What PySide6 makes
is therefore put into wrappers that behave as PythonQt's do: an object's Qt properties are attributes and not methods,
enums are plain integers, lists arrive as tuples, unknown names raise `AttributeError`, signals are connected by their
C++ signature. Where PythonQt is lenient in a way that hides mistakes (``button.enabled = node`` is False), the
wrapper refuses. It knows no class by name: whatever PySide6 has is wrapped when it is first asked for.

Left out: subclassing Qt's classes in Python, and overriding their virtual methods.
"""

from .classes import class_of, unwrap, wrap
from .modules import namespace
from .signals import faults

__all__ = ["class_of", "faults", "namespace", "unwrap", "wrap"]
