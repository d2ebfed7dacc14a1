"""Which segment of a segmentation is meant."""

from __future__ import annotations

from collections.abc import Callable

from slicer.i18n import tr as _


class SegmentChoice:
    """A segment, chosen among those of a node.

    Parameters
    ----------
    comboBox : QComboBox
    nothing : str
        What stands there where there is no segment to choose.
    onChosen : callable
        Called with the segment's ID when the person has chosen.
    """

    def __init__(self, comboBox, nothing: str, onChosen: Callable[[str], None]) -> None:
        self._comboBox = comboBox
        self._nothing = nothing
        self._onChosen = onChosen
        self._shown: list[tuple[str, str]] | None = None
        comboBox.connect("currentIndexChanged(int)", self._onChanged)

    def show(self, node, segmentId: str, segmentIds: list[str]) -> None:
        """Show a choice.

        Parameters
        ----------
        node : vtkMRMLNode or None
            A segmentation; a labelmap is one whole.
        segmentId : str
            The one that is chosen.
        segmentIds : list of str
            Those that can be.
        """
        names = [(one, node.GetSegmentation().GetSegment(one).GetName()) for one in segmentIds]
        if not names:
            whole = node is not None and node.IsA("vtkMRMLLabelMapVolumeNode")
            names = [("", _("all labels together") if whole else self._nothing)]
        self._comboBox.blockSignals(True)
        if names != self._shown:
            self._comboBox.clear()
            for one, name in names:
                self._comboBox.addItem(name, one)
            self._shown = names
        self._comboBox.currentIndex = self._comboBox.findData(segmentId)
        self._comboBox.blockSignals(False)
        self._comboBox.enabled = len(names) > 1

    def _onChanged(self, index: int) -> None:
        if index >= 0:
            self._onChosen(self._comboBox.itemData(index))
