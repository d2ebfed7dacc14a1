"""The panel: its parts, and what each is told of the others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import qt
import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene.segments import belongs_to_another

from .devices import DeviceChoice
from .editor import Editor
from .firstuse import FirstUse
from .lesions import LesionTable
from .live import Live, Subject
from .measurements import MeasurementTable
from .messages import MessageLine
from .networks import NetworkChoice
from .outcome import foundText
from .progress import ProgressView
from .results import measuredSegments, referenceSegment, resultFor
from .run import Found, Run
from .segments import SegmentChoice
from .undo import UndoButtons

if TYPE_CHECKING:
    from LungTumorSegLib.scene import SegmentationLogic

POLL_MS = 50
DOUBLE_CLICK_S = 0.4


class Panel:
    """Everything between the .ui file and the logic.

    Parameters
    ----------
    ui : object
        The widgets of ``LungTumorSeg.ui`` by name.
    logic : SegmentationLogic
    """

    def __init__(self, ui, logic: SegmentationLogic) -> None:
        self.ui = ui
        self.logic = logic
        self._parameters = None
        self._isEntered = False
        self._startedAt = 0.0
        self._seenVolume = None
        self._seenFailure = None

        self.messages = MessageLine(ui.messageIcon, ui.messageLabel, ui.detailsButton, ui.detailsText)
        self.firstUse = FirstUse(ui.packagesFrame, ui.packagesLabel, ui.installButton, self.messages, self._warmUp)
        self.network = NetworkChoice(
            ui.networkComboBox,
            ui.networkPathLabel,
            ui.networkPathEdit,
            ui.networkFindsLabel,
            lambda name: self._set("network", name),
        )
        self.device = DeviceChoice(
            ui.deviceComboBox, ui.deviceMeaningLabel, logic.worker, lambda device: self._set("device", device)
        )
        self.reference = SegmentChoice(
            ui.referenceSegmentComboBox, _("no reference"), lambda one: self._set("referenceSegmentId", one)
        )
        self.segment = SegmentChoice(
            ui.segmentComboBox, _("nothing segmented yet"), lambda one: self._set("segmentId", one)
        )
        self.run = Run(logic, ProgressView(ui.progressBar, ui.stageLabel), self.messages, self._onRun, self._onFound)
        self.lesions = LesionTable(ui.lesionTable, ui.lesionLabel, ui.resetAxesButton, logic, self.messages)
        self.measurements = MeasurementTable(
            ui.measurementTable, ui.measurementLabel, ui.exportButton, ui.copyButton, logic, self.messages
        )
        self.undo = UndoButtons(ui.undoButton, ui.redoButton, logic, self.messages, self.refresh)
        self.editor = Editor(ui.editSection, ui.editSection.layout(), ui.editLabel)
        self.live = Live(logic, self._onReport, self._onNotMeasured)

        ui.segmentButton.connect("clicked(bool)", self.onSegmentButton)
        self._timer = qt.QTimer()
        self._timer.interval = POLL_MS
        self._timer.connect("timeout()", self.poll)

    def setParameters(self, parameters) -> None:
        """Show another parameter node, or none (while the scene is closed)."""
        self._parameters = parameters
        self._seenVolume = None if parameters is None else parameters.inputVolume
        if parameters is None:
            self.live.stop()
        self.refresh()

    def refresh(self) -> None:
        """Show what the parameter node says; called when it was changed."""
        parameters = self._parameters
        if parameters is None:
            return
        if parameters.inputVolume is not self._seenVolume:
            self._seenVolume = parameters.inputVolume
            self.messages.clear()  # it was said of another CT
            self._showResultOfTheVolume()
        self.network.show(parameters.network)
        self.device.show(parameters.device)
        self._showSubject()
        self._showButton()

    def enter(self) -> None:
        """Warm the worker up and follow it; called when the module is opened."""
        self._isEntered = True
        if self.firstUse.check():
            self._warmUp()
        self.editor.enter()

    def exit(self) -> None:
        """Put the brush down; a run goes on. Called when another module is opened."""
        self._isEntered = False
        self.editor.exit()

    def closeScene(self) -> None:
        """Let go of everything in the scene; called before it is closed."""
        self.messages.clear()
        self.run.cancel(_("Cancelled, because the scene was closed."))
        self.live.stop()
        self.editor.close()
        self.lesions.clear()
        self.measurements.clear()
        self.logic.removePreview()

    def cleanup(self) -> None:
        """End the worker and let go of everything; called before the panel goes. Can be called again."""
        self._timer.stop()
        self.run.cancel()
        self.live.stop()
        self.editor.remove()
        self.logic.close()
        self._parameters = None

    def poll(self) -> None:
        """Take what the worker has said; called by a timer."""
        self.logic.worker.poll()
        if self._parameters is not None:
            self.run.poll()
        self.device.refresh()
        self._showFailure()
        if not self._isEntered and not self.run.isRunning:
            self._timer.stop()

    def onSegmentButton(self) -> None:
        """Segment; while that runs, cancel it."""
        if self.run.isRunning:
            # The second half of a double click does not mean “Cancel”.
            if time.monotonic() - self._startedAt > DOUBLE_CLICK_S:
                self.run.cancel()
            return
        if not self.firstUse.ask():
            return
        parameters = self._parameters
        chosen = parameters.outputSegmentation
        if chosen is not None and belongs_to_another(chosen, parameters.inputVolume):
            chosen = None  # each volume has a segmentation of its own
        self._startedAt = time.monotonic()
        self.run.start(parameters.inputVolume, chosen, self.network.value, self.device.value)
        self._timer.start()

    def _warmUp(self) -> None:
        self.logic.worker.start()
        self._timer.start()

    def _showFailure(self) -> None:
        """Say it when the worker ended by itself, though nothing runs: the next Segment would fail."""
        failure = self.logic.worker.failure
        if failure is not self._seenFailure:
            self._seenFailure = failure
            if failure is not None and not self.run.isRunning:
                self.messages.fail(failure.message, failure.details)

    def _set(self, name: str, value: str) -> None:
        if self._parameters is not None and getattr(self._parameters, name) != value:
            setattr(self._parameters, name, value)

    def _showResultOfTheVolume(self) -> None:
        """Of another CT, show its own result, not that of the one before."""
        parameters = self._parameters
        shown = parameters.outputSegmentation
        if shown is not None and belongs_to_another(shown, parameters.inputVolume):
            parameters.segmentId = ""
            parameters.outputSegmentation = resultFor(parameters.inputVolume)

    def _showSubject(self) -> None:
        """List, edit and measure the segment that is chosen."""
        parameters = self._parameters
        node, reference = parameters.outputSegmentation, parameters.referenceNode
        segmentIds = measuredSegments(node)
        segmentId = parameters.segmentId if parameters.segmentId in segmentIds else (segmentIds or [""])[-1]
        itself = segmentId if reference is node else None
        referenceId = referenceSegment(reference, parameters.referenceSegmentId, itself)
        self.segment.show(node, segmentId, segmentIds)
        self.reference.show(reference, referenceId, [one for one in measuredSegments(reference) if one != itself])
        if segmentId:
            self.editor.show(node, segmentId, parameters.inputVolume)
            self.live.watch(Subject(node, segmentId, reference, referenceId))
        else:
            self._showNothing()
        self.undo.show(node)

    def _showNothing(self) -> None:
        self.live.stop()
        self.lesions.clear()
        self.measurements.clear()
        self.editor.show(None, "", None)

    def _showButton(self) -> None:
        button, parameters = self.ui.segmentButton, self._parameters
        if self.run.isRunning:
            button.text, button.enabled = _("Cancel"), True
            button.toolTip = _("Stop now. Nothing is changed.")
            return
        problem = self.network.problem()
        if parameters is None or parameters.inputVolume is None:
            problem = _("Load a CT first (Add Data, or Sample Data: Lung Tumor Segmentation).")
        button.text, button.enabled = _("Segment"), not problem
        button.toolTip = problem or _("Outline what the network finds in the CT, a segment for each.")
        self.messages.hint(problem)

    def _onRun(self) -> None:
        """A run has begun or ended."""
        self.ui.inputSection.enabled = self.ui.networkSection.enabled = not self.run.isRunning
        self._showButton()

    def _onFound(self, found: Found) -> None:
        with slicer.util.NodeModify(self._parameters):
            self._parameters.outputSegmentation = found.segmentationNode
            self._parameters.segmentId = found.segmentId
        self.network.remember()
        text = foundText(found.result)
        if found.result.notes:
            self.messages.warn("\n".join([text, *found.result.notes]))
        else:
            self.messages.say(text)

    def _onReport(self, report: dict) -> None:
        subject = self.live.subject
        if not self._isStillMeant(subject):
            return
        self.lesions.show(subject.segmentationNode, subject.segmentId)
        self.measurements.show(subject, report)
        self.undo.show(self._parameters.outputSegmentation)

    def _onNotMeasured(self, why: str) -> None:
        subject = self.live.subject
        if not self._isStillMeant(subject):
            return
        try:  # where only the reference cannot be used, the lesions can still be listed
            self.lesions.show(subject.segmentationNode, subject.segmentId)
        except InputError:
            self.lesions.clear()
        self.measurements.clear(why)
        self.undo.show(self._parameters.outputSegmentation)

    def _isStillMeant(self, subject: Subject) -> bool:
        """Show the segments that there are now, by their names; tell whether the chosen ones are still the same."""
        self._showSubject()
        return self.live.subject is subject
