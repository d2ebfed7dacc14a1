"""The segment editor's list of segments."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets


class SegmentTable(QtWidgets.QTableWidget):
    """A row for each segment, with its colour and name; one is the current one."""

    chosen = QtCore.Signal(str)

    def __init__(self, parent=None):
        super().__init__(0, 2, parent)
        self.setHorizontalHeaderLabels(["", "Name"])
        self.verticalHeader().hide()
        self.setColumnWidth(0, 24)
        self.horizontalHeader().setStretchLastSection(True)
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SingleSelection)
        self.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.itemSelectionChanged.connect(self._on_selection)

    def fill(self, segmentation_node, current: str) -> None:
        segmentation = segmentation_node.GetSegmentation() if segmentation_node else None
        ids = list(segmentation.GetSegmentIDs()) if segmentation else []
        with QtCore.QSignalBlocker(self):
            self.setRowCount(len(ids))
            for row, segment_id in enumerate(ids):
                segment = segmentation.GetSegment(segment_id)
                icon = QtGui.QPixmap(16, 16)
                icon.fill(QtGui.QColor.fromRgbF(*segment.GetColor()))
                name = QtWidgets.QTableWidgetItem(segment.GetName())
                name.setData(QtCore.Qt.UserRole, segment_id)
                self.setItem(row, 0, QtWidgets.QTableWidgetItem(QtGui.QIcon(icon), ""))
                self.setItem(row, 1, name)
                if segment_id == current:
                    self.selectRow(row)

    def _on_selection(self):
        rows = self.selectionModel().selectedRows(1)
        if rows:
            self.chosen.emit(rows[0].data(QtCore.Qt.UserRole))
