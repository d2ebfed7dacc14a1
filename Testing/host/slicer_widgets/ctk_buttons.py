"""CTK's buttons and combo box."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .stored import stored


class ctkCheckBox(QtWidgets.QCheckBox):
    pass


class ctkComboBox(QtWidgets.QComboBox):
    defaultText = stored(str, "defaultText", "")


class ctkCollapsibleButton(QtWidgets.QWidget):
    """A section with a title that opens and closes on a click; its contents are hidden while it is closed."""

    clicked = QtCore.Signal(bool)
    toggled = QtCore.Signal(bool)
    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, parent=None):
        if isinstance(parent, str):
            title, parent = parent, None
        else:
            title = ""
        super().__init__(parent)
        self._title = QtWidgets.QToolButton(self)
        self._title.setObjectName("_title")
        self._title.setText(title)
        self._title.setToolButtonStyle(QtCore.Qt.ToolButtonTextBesideIcon)
        self._title.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        self._title.clicked.connect(self._on_click)
        self._collapsed = False
        self._hidden_here = []
        self._arrange()

    def _arrange(self):
        height = self._title.sizeHint().height()
        self.setContentsMargins(0, height + 2, 0, 0)
        self._title.setGeometry(0, 0, self.width(), height)
        self._title.setArrowType(QtCore.Qt.RightArrow if self._collapsed else QtCore.Qt.DownArrow)
        self.setMinimumHeight(height)
        self.setMaximumHeight(height + 2 if self._collapsed else 16777215)

    def resizeEvent(self, event):
        super().resizeEvent(event)
        self._title.resize(self.width(), self._title.height())

    def childEvent(self, event):
        super().childEvent(event)
        if self._is_closed() and event.type() == QtCore.QEvent.ChildAdded:
            self._show_contents(False)

    def _is_closed(self):
        return getattr(self, "_collapsed", False)

    def _on_click(self):
        self._set_collapsed(not self._collapsed)
        self.clicked.emit(not self._collapsed)

    def _set_collapsed(self, collapsed):
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._show_contents(not collapsed)
        self._arrange()
        self.updateGeometry()
        self.toggled.emit(not collapsed)
        self.contentsCollapsed.emit(collapsed)

    def _show_contents(self, shown):
        if shown:
            for child in self._hidden_here:
                child.show()
            self._hidden_here = []
            return
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindDirectChildrenOnly):
            if child is not self._title and not child.isHidden() and not child.isWindow():
                child.hide()
                self._hidden_here.append(child)

    def _text(self):
        return self._title.text()

    def _set_text(self, text):
        self._title.setText(text)

    collapsed = QtCore.Property(bool, lambda self: self._collapsed, _set_collapsed)
    checked = QtCore.Property(bool, lambda self: not self._collapsed, lambda self, on: self._set_collapsed(not on))
    text = QtCore.Property(str, _text, _set_text)
    flat = stored(bool, "flat", False)

    @QtCore.Slot(bool)
    def setCollapsed(self, collapsed):
        self._set_collapsed(collapsed)

    @QtCore.Slot(bool)
    def setChecked(self, checked):
        self._set_collapsed(not checked)

    @QtCore.Slot()
    def isChecked(self):
        return not self._collapsed

    @QtCore.Slot(str)
    def setText(self, text):
        self._set_text(text)

    @QtCore.Slot()
    def click(self):
        self._title.click()
