"""What the segment measures, and how it compares with a reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError

from .grids import setCell, setHeadings

if TYPE_CHECKING:
    from LungTumorSegLib.scene import SegmentationLogic

    from .live import Subject
    from .messages import MessageLine


class MeasurementTable:
    """The measures of the lesions that are kept, or of an organ, with export to a file and the clipboard.

    Parameters
    ----------
    table : QTableWidget
    label : QLabel
        Notes, or why there are no measures.
    exportButton, copyButton : QPushButton
    logic : SegmentationLogic
    messages : MessageLine
    """

    def __init__(self, table, label, exportButton, copyButton, logic: SegmentationLogic, messages: MessageLine):
        self._table = table
        self._label = label
        self._buttons = (
            (exportButton, _("Write the measurements to a file.")),
            (copyButton, _("Copy the measurements, for a spreadsheet.")),
        )
        self._logic = logic
        self._messages = messages
        self._subject: Subject | None = None
        exportButton.connect("clicked(bool)", self._onExport)
        copyButton.connect("clicked(bool)", self._onCopy)
        self.clear()

    def show(self, subject: Subject, report: dict) -> None:
        """Show a report of `SegmentationLogic.measure`."""
        self._subject = subject
        rows = _rows(report)
        setHeadings(self._table, (_("Measure"), _("Result"), _("Reference"), _("Error"))[: len(rows[0])])
        self._table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                setCell(self._table, row, column, text, right=column > 0)
        self._table.setVisible(True)
        self._label.text = "\n".join([*report.get("reference", {}).get("notes", []), *report["notes"]])
        self._label.setVisible(bool(self._label.text))
        for button, tip in self._buttons:
            button.enabled = True
            button.toolTip = tip

    def clear(self, why: str = "") -> None:
        """Show no measures, and why there are none."""
        self._subject = None
        self._table.setRowCount(0)
        self._table.setVisible(False)
        self._label.text = why or _("What is measured is shown here.")
        self._label.setVisible(True)
        for button, _tip in self._buttons:
            button.enabled = False
            button.toolTip = _("There is nothing measured yet.")

    def _onExport(self) -> None:
        path = qt.QFileDialog.getSaveFileName(
            self._table.window(), _("Export measurements"), "measurements.csv", _("Comma-separated values (*.csv)")
        )
        if path:
            self.export(path)

    def export(self, path: str) -> None:
        """Write the measures to a CSV file, whole or not at all."""

        def write(report: dict) -> str:
            self._logic.exportCsv(report, path)
            return _("Exported to {path}.").format(path=path)

        self._withReport(write)

    def _onCopy(self) -> None:
        def copy(report: dict) -> str:
            slicer.app.clipboard().setText(self._logic.reportText(report))
            return _("Copied; paste it into a spreadsheet.")

        self._withReport(copy)

    def _withReport(self, use: Callable[[dict], str]) -> None:
        """Measure in full (what is shown leaves out what takes long) and hand the report over."""
        subject = self._subject
        try:
            with slicer.util.WaitCursor():
                report = self._logic.measure(
                    subject.segmentationNode,
                    subject.referenceNode,
                    segmentId=subject.segmentId or None,
                    referenceSegmentId=subject.referenceSegmentId or None,
                )
                self._messages.say(use(report))
        except (InputError, OSError) as error:
            self._messages.fail(str(error))


def _rows(report: dict) -> list[tuple[str, ...]]:
    """Return the table's rows: measure, result and, with a reference, the reference's and the error."""
    (whole,) = report["segments"]
    rows = [(_("Volume (mL)"), _milliliters(whole["volume_ml"]))]
    if whole["lesion"]:
        total = report["total"]
        rows = [
            (_("Lesions"), str(total["count"])),
            *rows,
            (_("Longest axis (mm)"), _millimeters(total["long_axis_mm"])),
            (_("Sum of long axes (mm)"), _millimeters(total["sum_of_long_axes_mm"])),
        ]
    if "reference" not in report:
        return rows
    reference = report["reference"]
    overlap = _("none") if reference["dice"] is None else f"{reference['dice']:.3f}"
    compared = _of_the_reference(reference, whole["lesion"])
    return [(*row, *other) for row, other in zip(rows, compared, strict=True)] + [(_("Dice"), overlap, "", "")]


def _of_the_reference(reference: dict, lesions: bool) -> list[tuple[str, str]]:
    """Return, row by row, what the reference measures and the error."""
    volume = (_milliliters(reference["volume_ml"]), _percent(reference["relative_volume_error"]))
    if not lesions:
        return [volume]
    long_axis = (_millimeters(reference["long_axis_mm"]), _percent(reference["recist_relative_error"]))
    return [(str(len(reference["lesions"])), ""), volume, long_axis, ("", "")]


def _milliliters(value: float) -> str:
    return f"{value:.2f}"


def _millimeters(value: float) -> str:
    return f"{value:.1f}"


def _percent(value: float | None) -> str:
    return _("none") if value is None else f"{value:.1%}"
