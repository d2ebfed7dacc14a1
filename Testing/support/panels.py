"""What a person does at the panel, and what is seen there."""

from __future__ import annotations

import time

import numpy as np
import slicer

from LungTumorSegLib.scene.segments import read_segment


class Driver:
    """A person in front of the open window; every step goes through the widgets."""

    def __init__(self, window, widget):
        self.window = window
        self.widget = widget

    @property
    def ui(self):
        return self.widget.ui

    @property
    def panel(self):
        return self.widget.panel

    @property
    def worker(self):
        return self.widget.logic.worker

    @property
    def parameters(self):
        return self.widget._parameterNode

    @property
    def message(self) -> str:
        return self.ui.messageLabel.text

    def choose_network(self, folder) -> None:
        self.ui.networkComboBox.currentIndex = self.ui.networkComboBox.findData("folder")
        self.ui.networkPathEdit.currentPath = str(folder)

    def wait(self, condition, seconds: float = 120.0) -> None:
        self.window.wait(condition, seconds)

    def wait_until_ready(self) -> None:
        self.wait(lambda: self.worker.state == "ready")

    def press(self, button) -> None:
        """Click a button, which must be enabled, in the middle."""
        assert button.enabled, f"{button.objectName} is disabled: {button.toolTip}"
        self.window.click(button)

    def begin(self) -> None:
        """Press Segment and see that it begins."""
        assert self.ui.segmentButton.text == "Segment"
        self.press(self.ui.segmentButton)
        assert self.panel.run.isRunning, self.message
        assert self.ui.segmentButton.text == "Cancel"

    def wait_for_stage(self, stage: str) -> None:
        self.wait(lambda: self.worker.job.stage == stage or not self.panel.run.isRunning)
        assert self.panel.run.isRunning, self.message

    def segment(self) -> None:
        """Press Segment and wait for the result."""
        self.begin()
        self.wait(lambda: not self.panel.run.isRunning)
        assert self.parameters.outputSegmentation is not None, self.message
        self.window.settle(0.3)

    def cancel(self) -> None:
        time.sleep(0.5)  # longer than a double click
        self.press(self.ui.segmentButton)

    @property
    def result(self):
        return self.parameters.outputSegmentation

    def voxels(self) -> int:
        """Count the voxels of the segment that is shown."""
        return int(np.count_nonzero(read_segment(self.result, self.ui.segmentComboBox.currentData).array))

    def cells(self, table) -> list[list[str]]:
        return [
            [table.item(row, column).text() if table.item(row, column) else "" for column in range(table.columnCount)]
            for row in range(table.rowCount)
        ]

    def measured(self, measure: str) -> list[str]:
        """Return the cells beside a measure's name."""
        rows = {row[0]: row[1:] for row in self.cells(self.ui.measurementTable)}
        return rows[measure]

    def set_kept(self, row: int, kept: bool) -> None:
        """Set or clear the box of a lesion."""
        import qt

        self.ui.lesionTable.item(row, 0).setCheckState(qt.Qt.Checked if kept else qt.Qt.Unchecked)
        self.window.settle(0.4)


def add_half(ct_node):
    """Add a segmentation with a block in one of the lungs of `chest_volume`, as if a person had drawn it."""
    from LungTumorSegLib.scene.segments import add_segment, new_segmentation
    from LungTumorSegLib.scene.volumes import read_ct
    from LungTumorSegLib.volume.terminology import SegmentStyle

    ct, node = read_ct(ct_node), new_segmentation(ct_node)
    mask = np.zeros(ct.array.shape, np.uint8)
    mask[3:9, 8:20, 4:14] = 1
    add_segment(node, ct.with_array(mask), SegmentStyle("Half", (1.0, 0.0, 0.0), ""), None)
    return node


def previews(scene) -> list:
    from LungTumorSegLib.scene.preview import is_preview

    nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    return [node for node in nodes if is_preview(node)]


class Gaps:
    """How long Qt's event loop took to come back to a timer of 10 ms, each time."""

    def __init__(self):
        import qt

        self.seconds: list[float] = []
        self._last = time.perf_counter()
        self._timer = qt.QTimer()
        self._timer.interval = 10
        self._timer.connect("timeout()", self._tick)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now
