"""Which network is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qt
from slicer.i18n import tr as _

from LungTumorSegLib.model import available, found_by
from LungTumorSegLib.model.bundle import METADATA, RECIPE, WEIGHTS

FOLDER = "folder"
SETTING = "LungTumorSeg/Networks"
MOST_REMEMBERED = 10


class NetworkChoice:
    """A packaged network by its name, or the folder of another.

    A folder whose network has segmented a CT stays in the list, also after Slicer was closed, for as long as the
    folder is there.

    Parameters
    ----------
    comboBox : QComboBox
        The packaged names, the folders that were used, then "A folder…".
    pathLabel, pathEdit : QLabel, ctkPathLineEdit
        Another folder; there only where it is needed.
    findsLabel : QLabel
        Says what the network finds.
    onChosen : callable
        Called with the name or the folder (str) when the person has chosen.
    """

    def __init__(self, comboBox, pathLabel, pathEdit, findsLabel, onChosen: Callable[[str], None]) -> None:
        self._comboBox = comboBox
        self._pathLabel = pathLabel
        self._pathEdit = pathEdit
        self._findsLabel = findsLabel
        self._onChosen = onChosen
        for name in available():
            comboBox.addItem(name, name)
        comboBox.addItem(_("A folder…"), FOLDER)
        for folder in reversed(_remembered()):
            self._addFolder(folder)
        comboBox.connect("currentIndexChanged(int)", self._onChanged)
        pathEdit.connect("currentPathChanged(QString)", self._onChanged)
        self._showPath()

    @property
    def value(self) -> str:
        """The packaged name, or the folder (empty while none is chosen)."""
        return self._pathEdit.currentPath if self._usesPath() else self._comboBox.currentData

    def show(self, network: str) -> None:
        """Show a choice, such as one that was saved with the scene."""
        if network == self.value:
            return
        listed = self._comboBox.findData(network) if network != FOLDER else -1
        self._comboBox.blockSignals(True)
        self._pathEdit.blockSignals(True)
        self._comboBox.currentIndex = listed if listed >= 0 else self._comboBox.findData(FOLDER)
        if listed < 0:
            self._pathEdit.currentPath = network
        self._pathEdit.blockSignals(False)
        self._comboBox.blockSignals(False)
        self._showPath()

    def remember(self) -> None:
        """Let the folder that is chosen stay in the list, before those that were used earlier."""
        folder = self.value
        if folder in available() or not folder:
            return
        others = [one for one in _remembered() if one != folder]
        qt.QSettings().setValue(SETTING, "\n".join([folder, *others][:MOST_REMEMBERED]))
        self._comboBox.blockSignals(True)
        if self._comboBox.findData(folder) < 0:
            self._addFolder(folder)
        self._comboBox.currentIndex = self._comboBox.findData(folder)
        self._comboBox.blockSignals(False)
        self._showPath()

    def problem(self) -> str:
        """Say why this network cannot be used; empty where it can, as far as its files tell."""
        if self.value in available():
            return ""
        if not self.value:
            return _("Choose the network's folder.")
        missing = _missing(self.value)
        if not missing:
            return ""
        return _("The network's folder lacks {files}. Choose a folder made by “export”.").format(
            files=", ".join(missing)
        )

    def _addFolder(self, folder: str) -> None:
        """Add a folder above "A folder…"; one that is called like another shows where it lies."""
        name = Path(folder).name
        if self._comboBox.findText(name) >= 0:
            name = f"{name} ({Path(folder).parent})"
        index = len(available())
        self._comboBox.insertItem(index, name, folder)
        self._comboBox.setItemData(index, folder, qt.Qt.ToolTipRole)

    def _usesPath(self) -> bool:
        return self._comboBox.currentData == FOLDER

    def _onChanged(self, *_changed) -> None:
        self._showPath()
        self._onChosen(self.value)

    def _showPath(self) -> None:
        self._pathLabel.setVisible(self._usesPath())
        self._pathEdit.setVisible(self._usesPath())
        self._findsLabel.text = ", ".join(found_by(self.value)) if self.value else ""


def _remembered() -> list[str]:
    """Return the folders that were used and still hold a network, the last one first."""
    known = str(qt.QSettings().value(SETTING) or "").split("\n")
    return [folder for folder in known if folder and not _missing(folder)]


def _missing(folder: str) -> list[str]:
    """Return the files that a network's folder lacks."""
    return [name for name in (WEIGHTS, RECIPE, METADATA) if not (Path(folder) / name).is_file()]
