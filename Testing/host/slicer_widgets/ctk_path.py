"""CTK's line for a file or a folder."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .stored import stored


class ctkPathLineEdit(QtWidgets.QWidget):
    """An editable combo box with the paths used before and a button that opens a dialog."""

    Dirs, Files, Drives, NoSymLinks = 0x1, 0x2, 0x4, 0x8
    Readable, Writable, Executable, Hidden, NoDot, NoDotDot = 0x10, 0x20, 0x40, 0x100, 0x2000, 0x4000
    ShowDirsOnly = 0x1
    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._combo = QtWidgets.QComboBox(self)
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QtWidgets.QComboBox.NoInsert)
        self._button = QtWidgets.QToolButton(self)
        self._button.setText("…")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._button)
        self._combo.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        self._combo.editTextChanged.connect(self.currentPathChanged)
        self._button.clicked.connect(self.browse)

    def _set_path(self, path):
        self._combo.setEditText(path)

    currentPath = QtCore.Property(str, lambda self: self._combo.currentText(), _set_path)
    label = stored(str, "label", "")
    settingKey = stored(str, "settingKey", "")
    filters = stored(int, "filters", Files)
    options = stored(int, "options", 0)
    nameFilters = stored("QStringList", "nameFilters", [])
    showBrowseButton = stored(
        bool, "showBrowseButton", True, lambda self: self._button.setVisible(self.property("showBrowseButton"))
    )

    @QtCore.Slot(str)
    def setCurrentPath(self, path):
        self._set_path(path)

    @QtCore.Slot()
    def addCurrentPathToHistory(self):
        self._combo.addItem(self._combo.currentText())

    @QtCore.Slot()
    def browse(self):
        from .dialogs import QFileDialog

        if self.property("filters") & self.Dirs:
            path = QFileDialog.getExistingDirectory(self, self.property("label"), self._combo.currentText())
        else:
            path = QFileDialog.getOpenFileName(self, self.property("label"), self._combo.currentText())
        if path:
            self._set_path(path)
