"""One segmentation, from the button to the segment, while the person goes on working."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LungTumorSegLib.scene import SegmentationLogic, SegmentationRequest
    from LungTumorSegLib.worker import Job, WorkerFailure, WorkerResult

    from .messages import MessageLine
    from .progress import ProgressView

logger = logging.getLogger(__name__)

LOG_LINES = 40


@dataclass(frozen=True)
class Found:
    """What a run put into the scene."""

    segmentationNode: slicer.vtkMRMLSegmentationNode
    segmentId: str
    result: WorkerResult


@dataclass
class _Current:
    """The run that is under way."""

    request: SegmentationRequest
    job: Job
    volumeId: str
    model: str
    previewsShown: int = 0


class Run:
    """At most one segmentation at a time; nothing here waits.

    Parameters
    ----------
    logic : SegmentationLogic
        Prepares the CT, and inserts what its worker found.
    progress : ProgressView
    messages : MessageLine
    onChanged : callable
        Called without arguments when a run begins or ends.
    onFound : callable
        Called with a `Found` when a segment was inserted.
    """

    def __init__(
        self,
        logic: SegmentationLogic,
        progress: ProgressView,
        messages: MessageLine,
        onChanged: Callable[[], None],
        onFound: Callable[[Found], None],
    ) -> None:
        self._logic = logic
        self._progress = progress
        self._messages = messages
        self._onChanged = onChanged
        self._onFound = onFound
        self._current: _Current | None = None

    @property
    def isRunning(self) -> bool:
        """Whether a CT is being segmented."""
        return self._current is not None

    def start(self, volumeNode, segmentationNode, model: str, device: str) -> None:
        """Hand the CT to the worker; what cannot be used is said in one line, and nothing runs.

        Parameters
        ----------
        volumeNode : vtkMRMLScalarVolumeNode
            Chest CT.
        segmentationNode : vtkMRMLSegmentationNode or None
            Takes the result; a new one without it.
        model : str
            Packaged name or folder.
        device : str
            ``auto``, ``cpu`` or ``cuda:N``.
        """
        if self.isRunning:
            return
        self._messages.clear()
        try:
            request = self._logic.prepareSegmentation(volumeNode, segmentationNode, model=model)
            job = self._logic.worker.segment(request.ct, model=model, device=device, preview=True)
        except InputError as error:
            self._messages.fail(str(error))
            return
        self._current = _Current(request, job, volumeNode.GetID(), model)
        self._progress.show(job)
        self._onChanged()

    def cancel(self, message: str | None = None) -> None:
        """Kill the worker's processes and leave the scene as it was."""
        if not self.isRunning:
            return
        self._logic.worker.cancel()
        self._end()
        self._messages.say(message or _("Cancelled. Nothing was changed."))

    def poll(self) -> None:
        """See how far it is; called by a timer, after the worker was polled."""
        current = self._current
        if current is None:
            return
        if slicer.mrmlScene.GetNodeByID(current.volumeId) is None:
            self.cancel(_("Cancelled, because the CT was removed from the scene."))
        elif current.job.state == "running":
            self._progress.show(current.job)
            self._showPreview(current)
        elif current.job.state == "done":
            self._insert(current)
        elif current.job.state == "cancelled":
            self._end()
            self._messages.say(_("Cancelled. Nothing was changed."))
        else:
            self._end()
            self._explain(current, current.job.failure)

    def _showPreview(self, current: _Current) -> None:
        if current.job.preview is None or current.job.preview_count == current.previewsShown:
            return
        current.previewsShown = current.job.preview_count
        self._logic.showPreview(current.request, current.job.preview)

    def _insert(self, current: _Current) -> None:
        self._progress.showInsertion()
        began = time.perf_counter()
        try:
            node, segmentId = self._logic.insertResult(current.request, current.job.result)
        except InputError as error:
            self._end()
            self._messages.fail(_("The result was not added: {reason}").format(reason=error))
            return
        except Exception as error:
            self._end()  # else it would be tried again at the next poll, for ever
            self._messages.fail(_("The result was not added, by an error of the program: {fault}").format(fault=error))
            raise
        logger.info("The segment was inserted in %.2f s.", time.perf_counter() - began)
        self._end()
        self._onFound(Found(node, segmentId, current.job.result))

    def _end(self) -> None:
        self._current = None
        self._logic.removePreview()
        self._progress.hide()
        self._onChanged()

    def _explain(self, current: _Current, failure: WorkerFailure) -> None:
        details = failure.details or self._logic.worker.log_tail(LOG_LINES)
        self._messages.fail(failure.message, details)
        logger.error("Segmentation failed (%s): %s", failure.kind, failure.message)
        self._logic.worker.start()  # warm again for the next time, where it has ended
        onGpu = failure.device is not None and failure.device.startswith("cuda")
        if failure.kind == "memory" and onGpu and self._agreesToTheCpu():
            volumeNode = slicer.mrmlScene.GetNodeByID(current.volumeId)
            segmentationNode = current.request.segmentationNode
            if volumeNode is not None and not self.isRunning:
                self.start(volumeNode, segmentationNode, current.model, "cpu")

    def _agreesToTheCpu(self) -> bool:
        return slicer.util.confirmYesNoDisplay(
            _("The GPU's memory is not enough for this CT. Compute on the CPU instead? It takes some minutes."),
            _("Lung Tumor Segmentation"),
        )
