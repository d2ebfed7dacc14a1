"""How far a run is, in words and on a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from LungTumorSegLib.worker import Job


class ProgressView:
    """The bar and the line below it, there only while something runs.

    Parameters
    ----------
    bar : QProgressBar
        From 0 to 100.
    label : QLabel
    """

    def __init__(self, bar, label) -> None:
        self._bar = bar
        self._label = label

    def show(self, job: Job) -> None:
        """Show where a job is."""
        self._show(round(100 * job.overall), _sentence(stageText(job.stage), job.seconds_left))

    def showInsertion(self) -> None:
        """Show the last step, which the worker does not do."""
        self._show(100, stageText("inserting"))

    def hide(self) -> None:
        """Show nothing."""
        self._bar.setVisible(False)
        self._label.setVisible(False)

    def _show(self, percent: int, text: str) -> None:
        self._bar.value = percent
        self._label.text = text
        self._bar.setVisible(True)
        self._label.setVisible(True)


def stageText(stage: str) -> str:
    """Say what a stage does."""
    texts = {
        "starting": _("Starting the network's process"),
        "transfer": _("Handing over the CT"),
        "loading": _("Loading the network"),
        "preparing": _("Preparing the CT"),
        "network": _("Running the network"),
        "resampling": _("Bringing the result onto the CT's voxels"),
        "postprocessing": _("Refining the outlines"),
        "result": _("Fetching the result"),
        "inserting": _("Adding the segment"),
    }
    return texts.get(stage, stage)


def _sentence(text: str, secondsLeft: float | None) -> str:
    if secondsLeft is None:
        return _("{stage}…").format(stage=text)
    return _("{stage}… {time} left").format(stage=text, time=duration(secondsLeft))


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 90:
        return _("about {count} s").format(count=max(round(seconds), 1))
    return _("about {count} min").format(count=round(seconds / 60))
