"""Tables of Qt, filled."""

from __future__ import annotations

from collections.abc import Sequence

import qt


def setHeadings(table, headings: Sequence[str]) -> None:
    """Give a table its columns: the first one as wide as what it holds, the others sharing the rest."""
    table.setColumnCount(len(headings))
    table.setHorizontalHeaderLabels(list(headings))
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
    table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
    table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)


def setCell(table, row: int, column: int, text: str, *, right: bool = False, enabled: bool = True, tip: str = ""):
    """Write a text that cannot be edited into a cell.

    Returns
    -------
    QTableWidgetItem
    """
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
    item.setTextAlignment((qt.Qt.AlignRight if right else qt.Qt.AlignLeft) | qt.Qt.AlignVCenter)
    if not enabled:
        item.setForeground(qt.QBrush(table.palette.color(qt.QPalette.Disabled, qt.QPalette.Text)))
    item.setToolTip(tip)
    table.setItem(row, column, item)
    return item
