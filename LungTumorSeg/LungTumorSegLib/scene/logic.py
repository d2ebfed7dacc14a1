"""Segment and measure in a scene: what the module's logic offers, without its widgets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from ..errors import InputError
from ..progress import Progress, silent
from ..volume import Volume
from ..volume.terminology import LUNG_TUMOR
from . import segments
from .companions import Companions
from .labelmaps import same_voxels
from .lines import draw_axes
from .measuring import gather
from .sources import remember_source
from .tables import fill_tables
from .undo import UndoHistory
from .volumes import read_ct

if TYPE_CHECKING:
    from ..prediction import Prediction

logger = logging.getLogger(__name__)

Predictor = Callable[..., Any]
"""``predictor(ct, model, *, device, overlap, progress)``: a `Volume` and a model's name or folder in; something with a
``mask`` (a `Volume` on the CT's grid) out."""


def predict_in_process(
    ct: Volume, model: str | Path, *, device: str, overlap: float | None, progress: Progress
) -> Prediction:
    """Run the network here and now; the caller waits. The device, and what went otherwise than planned, are logged.

    Raises
    ------
    InputError
        Also where a Python package that the network needs is not installed.
    """
    try:
        from ..model import load_model
        from ..prediction import predict

        prediction = predict(ct, load_model(model), device=device, overlap=overlap, progress=progress)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(__name__.partition(".")[0]):
            raise
        do = "install PyTorch by Slicer's PyTorch extension, then the packages of Resources/requirements.txt"
        raise InputError(f"the Python package {error.name} is not installed", do=do) from error
    logger.info("The network ran on %s.", prediction.device.describe())
    for note in prediction.notes:
        logger.warning(note)
    return prediction


class SegmentationLogic:
    """Lung tumours in a scene's volumes, as segments, tables and markup lines.

    Parameters
    ----------
    predictor : callable
        Finds the tumours; see `Predictor`.
    """

    def __init__(self, predictor: Predictor = predict_in_process) -> None:
        self.predictor = predictor
        self.history = UndoHistory()

    def segment(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        segmentationNode: slicer.vtkMRMLSegmentationNode | None = None,
        *,
        segmentId: str | None = None,
        model: str | Path = "lung-tumor",
        device: str = "auto",
        overlap: float | None = None,
        progress: Progress = silent,
    ) -> slicer.vtkMRMLSegmentationNode:
        """Find the lung tumours in a chest CT and put them into a segmentation.

        The scene is touched only when the tumours are found, so what goes wrong or is cancelled leaves it as it was.

        Parameters
        ----------
        volumeNode : vtkMRMLScalarVolumeNode
            Chest CT in HU. Linear parent transforms are honoured: the result lies where the volume is seen.
        segmentationNode : vtkMRMLSegmentationNode, optional
            Takes the result beside its segments, none of which is changed, whatever volume they were drawn on; a new
            node without it. Each segment remembers the volume that it was found in.
        segmentId : str, optional
            A segment of ``segmentationNode`` whose voxels are replaced; its measurements, which no longer hold, are
            removed. Without it every call adds a new segment called "Lung tumor", "Lung tumor 2", …; where nothing was
            found it is empty.
        model : str or Path
            Name of a packaged model, or a model folder.
        device : str
            ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        overlap : float, optional
            Overlap of the network's windows, in place of the recipe's.
        progress : callable
            Called as ``progress(stage, fraction)``; cancels by raising `CancelledError`.

        Returns
        -------
        vtkMRMLSegmentationNode
            The segmentation with the result. `undo` takes the result out again.

        Raises
        ------
        InputError
            The volume, the segmentation or the model cannot be used; one line says why and what to do.
        """
        if segmentationNode is None and segmentId is not None:
            raise InputError("a segment was given without its segmentation", do="give both, or neither")
        if segmentationNode is not None:
            segments.check_segmentation(segmentationNode, segmentId)
            segments.check_takes_labelmaps(segmentationNode)
        ct = read_ct(volumeNode)
        mask = self.predictor(ct, model, device=device, overlap=overlap, progress=progress).mask

        node = segmentationNode or segments.new_segmentation(volumeNode)
        self.history.save(node)
        segments.refer_to(node, volumeNode)
        if segmentId is None:
            segmentId = segments.add_segment(node, mask, LUNG_TUMOR, Path(model).name)
        else:
            segments.replace_segment(node, segmentId, mask, Path(model).name)
            Companions(node, segmentId).remove_all()
        remember_source(node, segmentId, volumeNode)
        return node

    def measure(
        self,
        segmentationNode: slicer.vtkMRMLSegmentationNode,
        referenceNode: slicer.vtkMRMLNode | None = None,
        *,
        segmentId: str | None = None,
        referenceSegmentId: str | None = None,
        volumeNode: slicer.vtkMRMLScalarVolumeNode | None = None,
        progress: Progress = silent,
    ) -> dict:
        """Measure a segment as it is now, edited or not, and show the measurements in the scene.

        Two tables (lesions, summary) and a markup line for each RECIST axis stand in a folder beside the segmentation.
        Measuring again renews them and removes what no longer holds.

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
        progress : callable
            See `segment`.

        Returns
        -------
        dict
            The report of `LungTumorSegLib.measurements.measure`: ``lesions``, ``total`` and, with a reference,
            ``reference``; with ``ct`` (size, spacing) where a CT was used, ``segment`` (its name), and ``notes`` (list
            of str). Points are LPS mm in the world, that is with the parent transforms applied.

        Raises
        ------
        InputError
            A node or a segment cannot be used; ``volumeNode`` is no CT in HU. (A volume that was not asked for and
            cannot be used leaves the HU out, with a note.)
        """
        from ..measurements import measure

        segments.check_segmentation(segmentationNode, segmentId)
        segment_id = segments.choose_segment(segmentationNode, segmentId)
        subject = gather(segmentationNode, segment_id, referenceNode, referenceSegmentId, volumeNode)
        report = measure(subject.mask, reference=subject.reference, ct=subject.ct, progress=progress)
        name = segmentationNode.GetSegmentation().GetSegment(segment_id).GetName()
        report |= {"segment": name, "notes": subject.notes}
        if subject.ct is not None:
            report["ct"] = {"size": list(subject.ct.grid.size), "spacing": list(subject.ct.grid.spacing)}

        companions = Companions(segmentationNode, segment_id)
        shown = fill_tables(companions, name, report) | draw_axes(segmentationNode, companions, report["lesions"])
        companions.remove_all_but(shown)
        return report

    def undo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Bring the segmentation back to what it was before the last `segment` into it.

        Edits made since then are undone with it, and the reference geometry where it was set. Tables and lines of
        segments that are gone or have other voxels now go too; a segmentation node that was new stays, empty.

        Returns
        -------
        bool
            False where there is nothing to undo.
        """
        return self._restore(segmentationNode, self.history.undo)

    def redo(self, segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
        """Take the last `undo` back. Measurements that it removed are made again by `measure`."""
        return self._restore(segmentationNode, self.history.redo)

    def _restore(self, node: slicer.vtkMRMLSegmentationNode, restore: Callable[..., bool]) -> bool:
        Companions.remove_orphans(node)
        before = {one: segments.read_segment(node, one) for one in Companions.owners(node)}
        done = restore(node)
        Companions.remove_orphans(node)
        for one in Companions.owners(node):
            if not same_voxels(segments.read_segment(node, one), before[one]):
                Companions(node, one).remove_all()
        return done
