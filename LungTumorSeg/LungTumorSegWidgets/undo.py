"""Taking a segmentation or a rejection back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LungTumorSegLib.scene import SegmentationLogic

    from .messages import MessageLine


class UndoButtons:
    """Undo and Redo of what this module did to a segmentation.

    Parameters
    ----------
    undoButton, redoButton : QPushButton
    logic : SegmentationLogic
    messages : MessageLine
    onDone : callable
        Called without arguments when something was taken back.
    """

    def __init__(
        self, undoButton, redoButton, logic: SegmentationLogic, messages: MessageLine, onDone: Callable[[], None]
    ) -> None:
        self._undoButton = undoButton
        self._redoButton = redoButton
        self._logic = logic
        self._messages = messages
        self._onDone = onDone
        self._segmentationNode = None
        undoButton.connect("clicked(bool)", lambda: self._take(logic.undo))
        redoButton.connect("clicked(bool)", lambda: self._take(logic.redo))

    def show(self, segmentationNode) -> None:
        """Show whether there is anything to take back in a segmentation (or None)."""
        self._segmentationNode = segmentationNode
        _enable(
            self._undoButton,
            segmentationNode is not None and self._logic.canUndo(segmentationNode),
            _("Take the last segmentation or rejection back, and the edits made since. The editor has its own Undo."),
            _("There is no segmentation or rejection to take back."),
        )
        _enable(
            self._redoButton,
            segmentationNode is not None and self._logic.canRedo(segmentationNode),
            _("Do again what was taken back."),
            _("There is nothing to do again."),
        )

    def _take(self, step: Callable[..., bool]) -> None:
        try:
            step(self._segmentationNode)
        except InputError as error:
            self._messages.fail(str(error))
        self._onDone()


def _enable(button, possible: bool, able: str, unable: str) -> None:
    button.enabled = possible
    button.toolTip = able if possible else unable
