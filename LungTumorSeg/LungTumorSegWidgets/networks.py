"""Which network is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slicer.i18n import tr as _

from LungTumorSegLib.model import available
from LungTumorSegLib.model.bundle import METADATA, RECIPE, WEIGHTS

FOLDER = "folder"


class NetworkChoice:
    """A packaged network by its name, or the folder of another.

    Parameters
    ----------
    comboBox : QComboBox
        The packaged names, then "A folder…".
    pathLabel, pathEdit : QLabel, ctkPathLineEdit
        The folder; there only where it is needed.
    onChosen : callable
        Called with the name or the folder (str) when the person has chosen.
    """

    def __init__(self, comboBox, pathLabel, pathEdit, onChosen: Callable[[str], None]) -> None:
        self._comboBox = comboBox
        self._pathLabel = pathLabel
        self._pathEdit = pathEdit
        self._onChosen = onChosen
        for name in available():
            comboBox.addItem(name, name)
        comboBox.addItem(_("A folder…"), FOLDER)
        comboBox.connect("currentIndexChanged(int)", self._onChanged)
        pathEdit.connect("currentPathChanged(QString)", self._onChanged)
        self._showPath()

    @property
    def value(self) -> str:
        """The packaged name, or the folder (empty while none is chosen)."""
        return self._pathEdit.currentPath if self._usesFolder() else self._comboBox.currentData

    def show(self, network: str) -> None:
        """Show a choice, such as one that was saved with the scene."""
        if network == self.value:
            return
        packaged = self._comboBox.findData(network) if network != FOLDER else -1
        self._comboBox.blockSignals(True)
        self._pathEdit.blockSignals(True)
        self._comboBox.currentIndex = packaged if packaged >= 0 else self._comboBox.findData(FOLDER)
        if packaged < 0:
            self._pathEdit.currentPath = network
        self._pathEdit.blockSignals(False)
        self._comboBox.blockSignals(False)
        self._showPath()

    def problem(self) -> str:
        """Say why this network cannot be used; empty where it can, as far as its files tell."""
        if not self._usesFolder():
            return ""
        if not self.value:
            return _("Choose the network's folder.")
        missing = [name for name in (WEIGHTS, RECIPE, METADATA) if not (Path(self.value) / name).is_file()]
        if not missing:
            return ""
        return _("The network's folder lacks {files}. Choose a folder made by “export”.").format(
            files=", ".join(missing)
        )

    def _usesFolder(self) -> bool:
        return self._comboBox.currentData == FOLDER

    def _onChanged(self, *_changed) -> None:
        self._showPath()
        self._onChosen(self.value)

    def _showPath(self) -> None:
        self._pathLabel.setVisible(self._usesFolder())
        self._pathEdit.setVisible(self._usesFolder())
