"""CTK's widgets for numbers."""

from __future__ import annotations

from typing import ClassVar

from PySide6 import QtCore, QtWidgets

from .stored import stored


class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    pass


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a spin box beside it, for numbers with decimals."""

    valueChanged = QtCore.Signal(float)
    valueChanging = QtCore.Signal(float)
    SIGNATURES: ClassVar = {
        "valueChanged(double)": "valueChanged(double)",
        "valueChanging(double)": "valueChanging(double)",
    }

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QtWidgets.QDoubleSpinBox(self)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)
        self._box.setRange(0, 99)
        self._fit()
        self._box.valueChanged.connect(self._on_box)
        self._slider.valueChanged.connect(self._on_slider)

    def _fit(self):
        with QtCore.QSignalBlocker(self._slider):
            self._slider.setRange(0, round((self._box.maximum() - self._box.minimum()) / self._box.singleStep()))
            self._slider.setValue(round((self._box.value() - self._box.minimum()) / self._box.singleStep()))

    def _on_box(self, value):
        self._fit()
        self.valueChanging.emit(value)
        self.valueChanged.emit(value)

    def _on_slider(self, steps):
        self._box.setValue(self._box.minimum() + steps * self._box.singleStep())

    def _through(kind, name):
        def get(self):
            return getattr(self._box, name)()

        def set_(self, value):
            getattr(self._box, f"set{name[0].upper()}{name[1:]}")(value)
            self._fit()

        return QtCore.Property(kind, get, set_)

    value = _through(float, "value")
    minimum = _through(float, "minimum")
    maximum = _through(float, "maximum")
    singleStep = _through(float, "singleStep")
    decimals = _through(int, "decimals")
    prefix = _through(str, "prefix")
    suffix = _through(str, "suffix")
    pageStep = stored(float, "pageStep", 10.0)
    tracking = stored(bool, "tracking", True)

    @QtCore.Slot(float)
    def setValue(self, value):
        self._box.setValue(value)

    @QtCore.Slot(float, float)
    def setRange(self, minimum, maximum):
        self._box.setRange(minimum, maximum)
        self._fit()
