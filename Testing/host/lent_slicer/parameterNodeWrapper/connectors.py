"""Parameters shown and changed by widgets: which property and which signal of a widget is meant for a type."""

from __future__ import annotations

import enum

import ctk
import qt
import slicer

from .annotations import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange
from .parameters import PATHS, Parameter

BY_PROPERTY = (
    ((bool,), (qt.QCheckBox, ctk.ctkCheckBox), "checked", "stateChanged"),
    ((bool,), (qt.QPushButton,), "checked", "toggled"),
    ((int,), (qt.QSlider, qt.QSpinBox), "value", "valueChanged"),
    ((int, float), (qt.QDoubleSpinBox, ctk.ctkDoubleSpinBox, ctk.ctkSliderWidget), "value", "valueChanged"),
    ((str,), (qt.QLineEdit,), "text", "textChanged"),
    ((str,), (qt.QLabel,), "text", None),
    (PATHS, (ctk.ctkPathLineEdit,), "currentPath", "currentPathChanged"),
)


def connector(widget, parameter: Parameter):
    """Return what connects a widget with a parameter.

    Raises
    ------
    RuntimeError
        A widget of this class cannot show a parameter of this type.
    """
    kind = parameter.type
    for types, widgets, attribute, signal in BY_PROPERTY:
        if kind in types and type(widget) in widgets:
            _limit(widget, parameter)
            return PropertyConnector(widget, kind, attribute, signal)
    if type(widget) in (qt.QComboBox, ctk.ctkComboBox):
        choice = parameter.annotation(Choice)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return ChoiceConnector(widget, {one.name: one for one in kind})
        if choice is not None:
            return ChoiceConnector(widget, {str(one): one for one in choice.choices})
        raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
    # Slicer does not know a union as one of nodes where it is spelled ``A | B | None``.
    if type(widget) is slicer.qMRMLNodeComboBox and parameter.node_classes() and not parameter.is_spelled_with_bars:
        widget.nodeTypes = parameter.node_classes()
        return NodeConnector(widget)
    raise RuntimeError(
        f"Unable to create GUI connector from datatype '{parameter.declared}' to widget type '{type(widget)}'."
    )


def _limit(widget, parameter: Parameter) -> None:
    for annotation, attribute in ((Decimals, "decimals"), (SingleStep, "singleStep")):
        given = parameter.annotation(annotation)
        if given is not None:
            setattr(widget, attribute, given.value)
    limits = parameter.annotation(WithinRange)
    lowest = limits or parameter.annotation(Minimum)
    highest = limits or parameter.annotation(Maximum)
    if type(widget) in (qt.QSlider, ctk.ctkSliderWidget) and not (lowest and highest):
        raise RuntimeError(f"Cannot have a connection to {type(widget).__name__} where the type is unbounded.")
    if type(widget) in (qt.QSlider, qt.QSpinBox):
        widget.setMinimum(lowest.minimum if lowest else -(2**31))
        widget.setMaximum(highest.maximum if highest else 2**31 - 1)
    elif hasattr(widget, "maximum") and not isinstance(widget.maximum, str):
        widget.minimum = lowest.minimum if lowest else float("-inf")
        widget.maximum = highest.maximum if highest else float("inf")


class PropertyConnector:
    """A widget whose one property is the value."""

    def __init__(self, widget, kind: type, attribute: str, signal: str | None):
        self._widget, self._kind, self._attribute, self._signal = widget, kind, attribute, signal
        self._callback = None
        if type(widget) is qt.QPushButton and not widget.checkable:
            widget.checkable = True

    def connect(self, callback) -> None:
        self._callback = lambda: callback()
        if self._signal is not None:
            getattr(self._widget, self._signal).connect(self._callback)

    def disconnect(self) -> None:
        if self._signal is not None:
            getattr(self._widget, self._signal).disconnect(self._callback)

    def read(self):
        return self._kind(getattr(self._widget, self._attribute))

    def write(self, value) -> None:
        shown = str(value) if self._kind in PATHS else value
        if getattr(self._widget, self._attribute) != shown:
            setattr(self._widget, self._attribute, shown)


class ChoiceConnector(PropertyConnector):
    """A combo box with a row for each choice."""

    def __init__(self, widget, choices: dict):
        super().__init__(widget, int, "currentIndex", "currentIndexChanged")
        self._choices = choices
        widget.clear()
        for one in choices:
            widget.addItem(one)

    def read(self):
        return list(self._choices.values())[self._widget.currentIndex]

    def write(self, value) -> None:
        self._widget.currentIndex = list(self._choices.values()).index(value)


class NodeConnector(PropertyConnector):
    """The combo box of a scene's nodes."""

    def __init__(self, widget):
        super().__init__(widget, object, "currentNodeID", "currentNodeChanged")

    def read(self):
        return self._widget.currentNode()

    def write(self, value) -> None:
        self._widget.setCurrentNode(value)
