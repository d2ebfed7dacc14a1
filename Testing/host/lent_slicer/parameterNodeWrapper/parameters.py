"""Typed values in the text parameters and node references of a ``vtkMRMLScriptedModuleNode``."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass

import slicer

from .annotations import Default, Validator

PATHS = (pathlib.Path, pathlib.PosixPath, pathlib.PurePath, pathlib.PurePosixPath)


@dataclass(frozen=True)
class Kind:
    """A type: its value where none is given, which values it takes, and how they are written and read."""

    default: typing.Any
    takes: tuple[type, ...]
    text: Callable = str
    read: Callable = str
    is_node: bool = False


NONE = Kind(None, (types.NoneType,), read=lambda text: None)


def kind_of(type_) -> Kind:
    if type_ is bool:
        return Kind(False, (bool,), read=lambda text: text == "True")
    if type_ is int:
        return Kind(0, (int,), read=int)
    if type_ is float:
        return Kind(0.0, (int, float), read=float)
    if type_ is str:
        return Kind("", (str,))
    if type_ in PATHS:
        return Kind(type_(), (type_,), read=type_)
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return Kind(next(iter(type_)), (type_,), lambda value: value.name, lambda text: type_[text])
    if isinstance(type_, type) and issubclass(type_, slicer.vtkMRMLNode):
        return Kind(None, (type_,), is_node=True)
    if type_ is types.NoneType:
        return NONE
    raise TypeError(f"this stand-in's parameters cannot be of the type {type_}")


class Parameter:
    """One parameter of a class: its name, its type as it was declared and what that means.

    The members of a union have names of their own in the node (``name.0``, …), of which one is there.
    """

    def __init__(self, name: str, declared):
        self.name, self.declared = name, declared
        annotated = typing.get_origin(declared) is typing.Annotated
        inner, *annotations = typing.get_args(declared) if annotated else [declared]
        self.annotations = tuple(one() if isinstance(one, type) else one for one in annotations)
        union = typing.get_origin(inner) in (typing.Union, types.UnionType)
        self.is_spelled_with_bars = isinstance(inner, types.UnionType)
        self.types = typing.get_args(inner) if union else (inner,)
        self.kinds = {f"{name}.{i}" if union else name: kind_of(one) for i, one in enumerate(self.types)}

    @property
    def type(self):
        """The type, where there is but one."""
        return self.types[0] if len(self.types) == 1 else None

    def node_classes(self) -> list[str] | None:
        """Return the names of the classes, where all are nodes."""
        kinds = [kind for kind in self.kinds.values() if kind != NONE]
        return [kind.takes[0].__name__ for kind in kinds] if all(kind.is_node for kind in kinds) else None

    def annotation(self, kind: type):
        """Return the annotation of a class, or None."""
        return next((one for one in self.annotations if isinstance(one, kind)), None)

    def default(self):
        given = self.annotation(Default)
        if given is not None:
            return given.value
        kinds = list(self.kinds.values())
        return None if len(kinds) == 2 and kinds[1] == NONE else kinds[0].default

    def is_in(self, node) -> bool:
        return any(node.HasParameter(name) for name in self.kinds)

    def read(self, node):
        name, kind = next((name, kind) for name, kind in self.kinds.items() if node.HasParameter(name))
        return node.GetNodeReference(name) if kind.is_node else kind.read(node.GetParameter(name))

    def write(self, node, value) -> None:
        """Write a value.

        Raises
        ------
        TypeError, ValueError
            The value is not of the parameter's type, or a validator refuses it.
        """
        chosen = self._choose(value)
        with slicer.util.NodeModify(node):
            for name, kind in self.kinds.items():
                if name != chosen:
                    node.UnsetParameter(name)
                if kind.is_node:
                    node.SetNodeReferenceID(name, value.GetID() if name == chosen and value is not None else None)
            node.SetParameter(chosen, "" if self.kinds[chosen].is_node else self.kinds[chosen].text(value))

    def _choose(self, value) -> str:
        """Return the name under which a value is kept."""
        fitting = [name for name, kind in self.kinds.items() if isinstance(value, kind.takes)]
        if len(self.kinds) == 1 and value is None and self.kinds[self.name].is_node:
            fitting = [self.name]
        if not fitting:
            names = " | ".join(one.__name__ for one in self.types)
            raise TypeError(f"parameter {self.name} takes {names}, not {type(value).__name__} {value!r}")
        for one in self.annotations:
            if isinstance(one, Validator):
                one.validate(value)
        return fitting[0]
