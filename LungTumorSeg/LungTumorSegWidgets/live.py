"""Measuring anew while the segment is edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene import LiveMeasurement

if TYPE_CHECKING:
    from LungTumorSegLib.scene import SegmentationLogic

REST_MS = 200


@dataclass(frozen=True)
class Subject:
    """What is measured, and with what it is compared; an empty ID means: whichever is meant."""

    segmentationNode: slicer.vtkMRMLSegmentationNode
    segmentId: str
    referenceNode: slicer.vtkMRMLNode | None = None
    referenceSegmentId: str = ""


class Live:
    """Watches a segment and measures it when it comes to rest.

    Parameters
    ----------
    logic : SegmentationLogic
    onReport : callable
        Called with the report each time.
    onProblem : callable
        Called with one line (str) where it cannot be measured.
    """

    def __init__(
        self, logic: SegmentationLogic, onReport: Callable[[dict], None], onProblem: Callable[[str], None]
    ) -> None:
        self._onReport = onReport
        self._onProblem = onProblem
        self._live = LiveMeasurement(logic, self._onDirty)
        self.subject: Subject | None = None  # what is watched
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.interval = REST_MS
        self._timer.connect("timeout()", self.measure)

    def watch(self, subject: Subject) -> None:
        """Measure a segment now, and again after each change."""
        if subject == self.subject:
            return
        self.stop()
        self.subject = subject
        try:
            self._live.start(
                subject.segmentationNode,
                subject.segmentId or None,
                subject.referenceNode,
                subject.referenceSegmentId or None,
            )
        except InputError as error:
            self._onProblem(str(error))
        else:
            self.measure()

    def stop(self) -> None:
        """Watch nothing."""
        self._timer.stop()
        self._live.stop()
        self.subject = None

    def measure(self) -> None:
        """Measure what is watched, unless it is gone."""
        self._timer.stop()
        if self._live.segmentationNode is None:
            return
        try:
            self._onReport(self._live.measure(surfaces=False))
        except InputError as error:
            self._onProblem(str(error))
        except ModuleNotFoundError as error:
            self._onProblem(
                _("Measuring needs the Python package {name}, which is not installed.").format(name=error.name)
            )

    def _onDirty(self) -> None:
        self._timer.start()
