"""Values on their way between Python and Qt."""

from __future__ import annotations

import enum
import os
import typing
from collections.abc import Callable

import numpy as np
import shiboken6
from shibokensupport.signature import get_signature

from . import classes

NUMBERS = ("int", "uint", "long", "ulong", "qlonglong", "qulonglong", "short", "ushort")
EXPECTED = {"QString": str, "bool": int, "double": (int, float), "float": (int, float)} | dict.fromkeys(NUMBERS, int)


def to_python(value):
    """Return what PythonQt makes of a value of Qt: enums are ints, lists tuples, objects stand in their wrappers."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, list | tuple):
        return tuple(to_python(one) for one in value)
    if isinstance(value, dict):
        return {key: to_python(one) for key, one in value.items()}
    if isinstance(value, shiboken6.Shiboken.Object):
        return classes.wrap(value)
    return value


def to_qt(value):
    """Return what PySide6 takes for a value; Qt knows neither paths nor NumPy's scalars."""
    if isinstance(value, list | tuple):
        return [to_qt(one) for one in value]
    if isinstance(value, dict):
        return {key: to_qt(one) for key, one in value.items()}
    if isinstance(value, os.PathLike | np.generic) and not isinstance(value, int | float | str | bytes):
        raise ValueError(f"Qt takes no {type(value).__name__}: {value!r}")
    return classes.unwrap(value)


def property_takes(type_name: str, value) -> bool:
    """Whether a value may be assigned to a property of this C++ type."""
    if type_name == "QStringList":
        return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return isinstance(value, EXPECTED.get(type_name, object))


def call(function: Callable, name: str, arguments: tuple, keywords: dict):
    """Call a function of Qt as PythonQt does: by position only, and with ints for enums.

    Raises
    ------
    ValueError
        No overload of the function takes these arguments.
    """
    if keywords:
        raise ValueError(f"{name}: Qt's functions take no keyword arguments here")
    given = [to_qt(one) for one in arguments]
    if not is_built_in(function):
        return to_python(function(*given))
    try:
        return to_python(function(*given))
    except TypeError as error:
        for fitted in _with_enums(function, given):
            try:
                return to_python(function(*fitted))
            except TypeError:
                continue
        raise ValueError(f"{name}: could not find a matching overload for the arguments {arguments}") from error


def is_built_in(function: Callable) -> bool:
    """Whether a function belongs to PySide6 and not to a stand-in written in Python."""
    owner = function if isinstance(function, type) else None
    return owner.__module__.startswith("PySide6") if owner else not hasattr(function, "__code__")


def _with_enums(function: Callable, given: list):
    """Yield the arguments with ints made enums, for each overload where that may fit."""
    for signature in _signatures(function):
        parameters = [one for one in signature.parameters.values() if one.name != "self"]
        enums = [_enum_of(one.annotation) for one in parameters]
        if len(parameters) < len(given) or not any(enums):
            continue
        try:
            yield [
                kind(value) if kind and type(value) is int else value
                for kind, value in zip(enums, given, strict=False)
            ]
        except ValueError:  # no such value of this enum
            continue


def _signatures(function: Callable) -> list:
    """Return the signatures of a function's overloads."""
    found = get_signature(function)
    if found is None:  # a method that is inherited
        owners = type(getattr(function, "__self__", None)).__mro__
        members = (vars(one).get(function.__name__) for one in owners)
        found = next(filter(None, (get_signature(one) for one in members if one is not None)), [])
    return found if isinstance(found, list) else [found]


def _enum_of(annotation) -> type[enum.Enum] | None:
    """Return the enum that a parameter takes, perhaps among other types."""
    types = (annotation, *typing.get_args(annotation))
    return next((one for one in types if isinstance(one, type) and issubclass(one, enum.Enum)), None)
