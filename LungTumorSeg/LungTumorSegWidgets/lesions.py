"""What was found, lesion by lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene.segments import is_organ

from .grids import setCell, setHeadings

if TYPE_CHECKING:
    from LungTumorSegLib.scene import Lesion, SegmentationLogic

    from .messages import MessageLine

KEEP = 0  # the column with the box


class LesionTable:
    """A row for each lesion: keep it or not, how large it is; a click shows it in the slice views.

    Parameters
    ----------
    table : QTableWidget
    label : QLabel
        Says how many there are.
    resetAxesButton : QPushButton
        Puts the axes of the selected lesion back to what is measured.
    logic : SegmentationLogic
    messages : MessageLine
    """

    def __init__(self, table, label, resetAxesButton, logic: SegmentationLogic, messages: MessageLine) -> None:
        self._table = table
        self._label = label
        self._resetAxesButton = resetAxesButton
        self._logic = logic
        self._messages = messages
        self._segmentationNode = None
        self._segmentId = ""
        self._lesions: list[Lesion] = []
        setHeadings(table, [heading for heading, _text in _columns()])
        table.connect("cellClicked(int,int)", self._onClicked)
        table.connect("cellChanged(int,int)", self._onChanged)
        table.connect("itemSelectionChanged()", self._onSelection)
        resetAxesButton.connect("clicked(bool)", self._onResetAxes)
        self.clear()

    def show(self, segmentationNode, segmentId: str) -> None:
        """List the lesions of a segment as it is now, the rejected ones too; an organ has none."""
        self._segmentationNode, self._segmentId = segmentationNode, segmentId
        self._lesions = self._logic.lesions(segmentationNode, segmentId)
        organ = is_organ(segmentationNode, segmentId) if segmentId else False
        row = self._table.currentRow()
        self._table.blockSignals(True)
        self._table.setRowCount(len(self._lesions))
        for index, lesion in enumerate(self._lesions):
            self._fillRow(index, lesion)
        self._table.setCurrentCell(row if row < len(self._lesions) else -1, KEEP)
        self._table.blockSignals(False)
        self._table.setVisible(bool(self._lesions))
        self._label.text = _("An organ: no lesions are looked for in it.") if organ else _summary(self._lesions)
        self._onSelection()

    def clear(self) -> None:
        """List nothing."""
        self._segmentationNode, self._segmentId, self._lesions = None, "", []
        self._table.setRowCount(0)
        self._table.setVisible(False)
        self._label.text = _("What is found is listed here.")
        self._onSelection()

    def _fillRow(self, row: int, lesion: Lesion) -> None:
        for column, (_heading, text) in enumerate(_columns()):
            tip = _("An axis was dragged by hand.") if lesion.adjusted else ""
            item = setCell(self._table, row, column, text(lesion), right=column > KEEP, enabled=lesion.kept, tip=tip)
            if column == KEEP:
                item.setFlags(qt.Qt.ItemIsUserCheckable | qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
                item.setCheckState(qt.Qt.Checked if lesion.kept else qt.Qt.Unchecked)
                item.setToolTip(_("Clear the box to take this lesion out of the segment."))

    def _onClicked(self, row: int, _column: int) -> None:
        if row < len(self._lesions):
            self._logic.jumpTo(self._lesions[row])

    def _onChanged(self, row: int, column: int) -> None:
        if column != KEEP or row >= len(self._lesions):
            return
        kept = self._table.item(row, KEEP).checkState() == qt.Qt.Checked
        if kept == self._lesions[row].kept:
            return
        try:
            self._logic.setLesionKept(self._segmentationNode, self._segmentId, self._lesions[row], kept)
        except InputError as error:
            self._messages.fail(str(error))
        # Whatever came of it: what is listed is what is so. After this event, because its row may go.
        qt.QTimer.singleShot(0, self._showAgain)

    def _showAgain(self) -> None:
        if self._segmentationNode is not None and self._segmentationNode.GetScene() is not None:
            self.show(self._segmentationNode, self._segmentId)

    def _selected(self) -> Lesion | None:
        row = self._table.currentRow()
        return self._lesions[row] if 0 <= row < len(self._lesions) else None

    def _onSelection(self) -> None:
        lesion = self._selected()
        self._resetAxesButton.enabled = lesion is not None and lesion.adjusted
        if lesion is not None and lesion.adjusted:
            tip = _("Put both axes of this lesion back to what is measured.")
        else:
            tip = _("Select a lesion whose axes (the lines in the views) you have dragged.")
        self._resetAxesButton.toolTip = tip

    def _onResetAxes(self) -> None:
        self._logic.resetAxes(self._segmentationNode, self._segmentId, self._selected())


def _columns() -> tuple:
    """Return each column's heading and how its text is made of a lesion."""
    return (
        (_("Keep"), lambda lesion: str(lesion.number)),
        (_("Volume\nmL"), lambda lesion: f"{lesion.volume_ml:.2f}"),
        (_("Long\nmm"), lambda lesion: _axis(lesion.long_axis_mm, lesion)),
        (_("Short\nmm"), lambda lesion: _axis(lesion.short_axis_mm, lesion)),
        (_("Mean\nHU"), lambda lesion: "" if lesion.mean_hu is None else f"{lesion.mean_hu:.0f}"),
        (_("Confi-\ndence"), lambda lesion: "" if lesion.confidence is None else f"{lesion.confidence:.0%}"),
    )


def _axis(length: float, lesion: Lesion) -> str:
    return f"{length:.1f}{'*' if lesion.adjusted else ''}"


def _summary(lesions: list[Lesion]) -> str:
    kept = sum(lesion.kept for lesion in lesions)
    if not lesions:
        return _("No lesion. That does not mean that there is none in the CT.")
    text = _("1 lesion") if len(lesions) == 1 else _("{count} lesions").format(count=len(lesions))
    if kept < len(lesions):
        text = _("{lesions}, {count} rejected").format(lesions=text, count=len(lesions) - kept)
    if any(lesion.adjusted for lesion in lesions):
        text = _("{lesions}; * an axis was dragged by hand").format(lesions=text)
    return _("{lesions}. Click one to see it.").format(lesions=text)
