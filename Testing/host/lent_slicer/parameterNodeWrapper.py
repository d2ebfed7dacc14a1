"""Stands in for ``slicer.parameterNodeWrapper``: parameters that are MRML nodes, kept as node references.

Other types, and the connection to a panel, are left out; using them fails.
"""

import typing

import slicer


class _NodeParameter:
    def __init__(self, name: str, node_class: type):
        if not issubclass(node_class, slicer.vtkMRMLNode):
            raise TypeError(f"parameter {name}: this stand-in knows MRML nodes only, not {node_class.__name__}")
        self._name = name
        self._class = node_class

    def __get__(self, wrapper, owner=None):
        return self if wrapper is None else wrapper.parameterNode.GetNodeReference(self._name)

    def __set__(self, wrapper, node):
        if node is not None and not isinstance(node, self._class):
            raise ValueError(f"parameter {self._name} takes {self._class.__name__}, not {type(node).__name__}")
        wrapper.parameterNode.SetNodeReferenceID(self._name, None if node is None else node.GetID())


def parameterNodeWrapper(cls):
    def initialize(self, parameterNode):
        self.parameterNode = parameterNode

    cls.__init__ = initialize
    for name, node_class in typing.get_type_hints(cls).items():
        setattr(cls, name, _NodeParameter(name, node_class))
    return cls
