"""Stands in for ``slicer.parameterNodeWrapper``: typed parameters in a ``vtkMRMLScriptedModuleNode``, and in a panel.

The types are MRML nodes, ``str``, ``bool``, ``int``, ``float``, `pathlib.Path`, enums, and each of them or None; with
`Default` and the validators below. A class with another type fails when it is defined. Left out: lists, dicts,
parameter packs.
"""

from .annotations import Choice, Decimals, Default, Maximum, Minimum, NotNone, SingleStep, WithinRange
from .wrapper import isParameterNodeWrapper, parameterNodeWrapper

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Maximum",
    "Minimum",
    "NotNone",
    "SingleStep",
    "WithinRange",
    "isParameterNodeWrapper",
    "parameterNodeWrapper",
]
