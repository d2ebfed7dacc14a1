"""What can be done with a segment that is there: list and reject its lesions, measure it, undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import slicer

from ..errors import InputError
from ..progress import Progress, silent
from . import segments
from .choices import Choices
from .companions import Companions
from .findings import Finding, find
from .labelmaps import same_voxels
from .lesions import Lesion, find_again, list_lesions
from .lines import dragged_axes, draw_axes, keep_dragged_only, reset_axes
from .measuring import Subject, gather
from .packages import packages_named
from .rejected import hide, reject, rejected_segments, take_back
from .reporting import make_report, with_dragged_axes
from .tables import fill_tables
from .undo import UndoHistory
from .views import jump_to


class MeasuringLogic:
    """Lesions and measurements of a scene's segments; needs no network."""

    def __init__(self) -> None:
        self.history = UndoHistory()

    @packages_named()
    def measure(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        referenceNode: slicer.vtkMRMLNode | None = None,
        *,
        segmentId: str | None = None,
        referenceSegmentId: str | None = None,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
        surfaces: bool = True,
        progress: Progress = silent,
    ) -> dict:
        """Measure a segment as it is now, edited or not, and show the measurements in the scene.

        Two tables (lesions, summary) and a markup line for each RECIST axis stand in a folder beside the segmentation.
        Measuring again renews them and removes what no longer holds. An axis whose end a person has dragged counts
        with its new length until the lesion's voxels change, or `resetAxes`.

        Parameters
        ----------
        segmentationNode : vtkMRMLSegmentationNode
            Holds the segment.
        referenceNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode, optional
            What to compare with; may be ``segmentationNode`` itself, with ``referenceSegmentId``.
        segmentId, referenceSegmentId : str, optional
            Which segment is meant; without, the newest made by this module, else the only one.
        volumeNode : vtkMRMLScalarVolumeNode, optional
            CT for the mean HU; without, the one that the segment was found in, and for a segment drawn by hand the
            segmentation's reference volume.
        surfaces : bool
            Whether surfaces are compared with the reference's (HD95, surface Dice), which takes longest.
        progress : callable
            Called as ``progress(stage, fraction)``; cancels by raising `CancelledError`.

        Returns
        -------
        dict
            The report of `LungTumorSegLib.measurements.measure`: ``lesions``, ``total``, ``segments`` (this one) and,
            with a reference, ``reference``; with ``ct`` (size, spacing) where a CT was used, ``segment`` (its name),
            and ``notes`` (list of str). A segment that was found as an organ has a volume, and no lesions. Points are
            LPS mm in the world, that is with the parent transforms applied. Lesions have their ``number`` as in
            `lesions`, ``confidence`` (or None), ``long_axis_adjusted`` and ``short_axis_adjusted`` (set by hand).

        Raises
        ------
        InputError
            A node or a segment cannot be used; ``volumeNode`` is no CT in HU. (A volume that was not asked for and
            cannot be used leaves the HU out, with a note.)
        """
        node = segmentationNode
        segments.check_segmentation(node, segmentId)
        segment_id = segments.choose_segment(node, segmentId)
        progress("measure", 0.0)
        Companions.remove_orphans(node)
        subject = gather(node, segment_id, referenceNode, referenceSegmentId, volumeNode)
        companions = Companions(node, segment_id)
        findings = _with_lines(node, segment_id, subject)
        name = node.GetSegmentation().GetSegment(segment_id).GetName()
        report = make_report(subject, findings, name, surfaces=surfaces)
        shown = fill_tables(companions, name, report) | draw_axes(node, companions, findings)
        companions.remove_all_but(shown)
        Choices(referenceNode, referenceSegmentId, volumeNode).remember(companions)
        progress("measure", 1.0)
        return report

    @packages_named()
    def lesions(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        segmentId: str | None = None,
        *,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
    ) -> list[Lesion]:
        """Return the lesions of a segment and those that were rejected of it, the largest first; an organ has none.

        Parameters are those of `measure`. Nothing in the scene is changed.
        """
        segments.check_segmentation(segmentationNode, segmentId)
        segment_id = segments.choose_segment(segmentationNode, segmentId)
        if segments.is_organ(segmentationNode, segment_id):
            return []
        subject = gather(segmentationNode, segment_id, volume_node=volumeNode)
        return list_lesions(segmentationNode, _with_lines(segmentationNode, segment_id, subject))

    @packages_named()
    def setLesionKept(
        self, segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str | None, lesion: Lesion, kept: bool
    ) -> None:
        """Reject a lesion, or keep one that was rejected.

        Rejecting moves its voxels, as they are now, to a hidden segment of the same segmentation; keeping brings them
        back. `undo` takes either back. Measurements that are shown are renewed.

        Raises
        ------
        InputError
            The lesion is no longer there: it was erased since it was listed.
        """
        node = segmentationNode
        segments.check_segmentation(node, segmentId)
        segments.check_takes_labelmaps(node)
        segment_id = segments.choose_segment(node, segmentId)
        _check_holds_lesions(node, segment_id)
        finding = find_again(lesion, find(node, segment_id, gather(node, segment_id)))
        if finding.kept == kept:
            return
        self.history.save(node)
        move = take_back if kept else reject
        move(node, segment_id, finding.lesion)
        self._renew(node, segment_id)

    @packages_named()
    def resetAxes(
        self, segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str | None, lesion: Lesion
    ) -> None:
        """Put a lesion's long and short axis back to where they are measured; measurements that are shown are renewed.

        Raises
        ------
        InputError
            The lesion is no longer there.
        """
        segments.check_segmentation(segmentationNode, segmentId)
        segment_id = segments.choose_segment(segmentationNode, segmentId)
        _check_holds_lesions(segmentationNode, segment_id)
        findings = find(segmentationNode, segment_id, gather(segmentationNode, segment_id))
        number = find_again(lesion, findings).number
        reset_axes(Companions(segmentationNode, segment_id), findings, number)
        self._renew(segmentationNode, segment_id)

    def jumpTo(self, lesion: Lesion) -> None:
        """Move all slice views to the middle of a lesion's long axis."""
        if lesion.scene is None:
            raise InputError("the lesion's segmentation is no longer in the scene", do="list the lesions again")
        jump_to(lesion.scene, lesion.focus_ras_mm)

    def exportCsv(self, report: dict, path: str | Path) -> None:
        """Write a report to a CSV file: the lesions, an empty line, the summary."""
        from ..measurements.table import write_csv

        write_csv(path, report)

    def reportText(self, report: dict) -> str:
        """Return what `exportCsv` writes with tabulators between the columns, for the clipboard."""
        from ..measurements.table import report_text

        return report_text(report)

    def undo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Bring the segmentation back to what it was before the last `segment` or `setLesionKept`.

        Edits made since then are undone with it, and the reference geometry where it was set. Measurements follow:
        those of segments that are gone go too, others are renewed where voxels are others now. A segmentation node
        that was new stays, empty.

        Returns
        -------
        bool
            False where there is nothing to undo.
        """
        return self._restore(segmentationNode, self.history.undo)

    def redo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Take the last `undo` back; False where there is nothing to redo."""
        return self._restore(segmentationNode, self.history.redo)

    def canUndo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Tell whether `undo` would do anything."""
        return self.history.can_undo(segmentationNode)

    def canRedo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Tell whether `redo` would do anything."""
        return self.history.can_redo(segmentationNode)

    def _restore(self, node: slicer.vtkMRMLSegmentationNode, restore: Callable[..., bool]) -> bool:
        Companions.remove_orphans(node)
        voxels = {one: segments.read_segment(node, one) for one in Companions.owners(node)}
        hidden = rejected_segments(node)
        done = restore(node)
        Companions.remove_orphans(node)
        for one in rejected_segments(node) - hidden:
            hide(node, one)  # Slicer's history knows nothing of what is visible
        for one in Companions.owners(node):
            if not same_voxels(segments.read_segment(node, one), voxels[one]):
                self._renew(node, one)
        return done

    def _renew(self, node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> None:
        """Measure again what is shown, as it was measured before; where that cannot be, show nothing that is wrong."""
        companions = Companions(node, segment_id)
        choices = Choices.remembered(companions)
        if choices is None:
            return
        try:
            self.measure(
                node,
                choices.referenceNode,
                segmentId=segment_id,
                referenceSegmentId=choices.referenceSegmentId,
                volumeNode=choices.volumeNode,
            )
        except InputError:
            keep_dragged_only(companions)


def _check_holds_lesions(node: slicer.vtkMRMLSegmentationNode, segment_id: str) -> None:
    if segments.is_organ(node, segment_id):
        name = node.GetSegmentation().GetSegment(segment_id).GetName()
        raise InputError("it is an organ and holds no lesions", name, "choose a segment of lesions")


def _with_lines(node: slicer.vtkMRMLSegmentationNode, segment_id: str, subject: Subject) -> list[Finding]:
    if subject.is_organ:
        return []
    findings = find(node, segment_id, subject)
    return with_dragged_axes(findings, dragged_axes(Companions(node, segment_id), findings))
