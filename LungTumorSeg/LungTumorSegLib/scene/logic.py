"""Segment and measure in a scene: what the module's logic offers, without its widgets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from ..progress import Progress, silent
from ..volume import Volume
from . import segments
from .insertion import FoundLabels, Insertion
from .measuring_logic import MeasuringLogic
from .preview import remove_previews, show_preview
from .request import SegmentationRequest, make_request
from .running import Predictor, run_worker, segment_folder, warm_worker

if TYPE_CHECKING:
    from ..worker import Worker, WorkerResult


class SegmentationLogic(MeasuringLogic):
    """What a network finds in a scene's volumes, as segments, tables and markup lines.

    Parameters
    ----------
    worker : Worker, optional
        Runs the network; by default the one of the application.
    predictor : callable, optional
        Finds what is looked for in place of a worker; see `Predictor`.
    """

    def __init__(self, worker: Worker | None = None, predictor: Predictor | None = None) -> None:
        super().__init__()
        self._worker = worker
        self.predictor = predictor

    @property
    def worker(self) -> Worker:
        """The worker, whose process need not run yet."""
        if self._worker is None:
            self._worker = warm_worker()
        return self._worker

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
        """Find what a model knows (lung tumours, by default) and put it into a segmentation; waits until it is done.

        The scene is touched only when it is found, so what goes wrong or is cancelled leaves it as it was.

        Parameters
        ----------
        volumeNode : vtkMRMLScalarVolumeNode
            CT in HU. Linear parent transforms are honoured: the result lies where the volume is seen.
        segmentationNode : vtkMRMLSegmentationNode, optional
            Takes the result beside its segments, none of which is changed, whatever volume they were drawn on; a new
            node without it. Each segment remembers the volume that it was found in.
        segmentId : str, optional
            A segment of ``segmentationNode`` whose voxels are replaced, and with it all segments that were found
            together with it. Without it every call adds new ones, for each label of the model: "Lung tumor", or
            "Lung tumor 2" where there is one already. Where nothing was found they are empty.
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
        WorkerError
            The network could not be run: memory ran out, its process was killed, …
        """
        request = self.prepareSegmentation(volumeNode, segmentationNode, segmentId, model=model)
        result = self._find(request.ct, model, device=device, overlap=overlap, progress=progress)
        node, _ = self.insertResult(request, result)
        return node

    def prepareSegmentation(
        self,
        volumeNode: slicer.vtkMRMLScalarVolumeNode,
        segmentationNode: slicer.vtkMRMLSegmentationNode | None = None,
        segmentId: str | None = None,
        *,
        model: str | Path = "lung-tumor",
    ) -> SegmentationRequest:
        """Check what `segment` is given; the first half of it, for those who do not want to wait.

        Returns
        -------
        SegmentationRequest
            Its ``ct`` is for the worker; `insertResult` takes it with what the worker found.
        """
        return make_request(volumeNode, segmentationNode, segmentId, model)

    def insertResult(
        self, request: SegmentationRequest, result: WorkerResult
    ) -> tuple[slicer.vtkMRMLSegmentationNode, str]:
        """Put what was found into the scene, as one step of `undo`; the second half of `segment`.

        Each label has a segment of its own, with the name, the colour and the terminology of what it is; it is empty
        where nothing of the label was found. A preview goes. Measurements of replaced segments that are shown are
        renewed; what was rejected of them goes.

        Returns
        -------
        tuple of vtkMRMLSegmentationNode and str
            The segmentation, and the ID of the segment with the lesions (of several labels that are lesions the first;
            of a model that finds only organs its first).

        Raises
        ------
        InputError
            The volume or the segmentation has left the scene since, or the volume has other voxels now: nothing is
            inserted.
        """
        self.removePreview()
        request.check()
        mask, ct = request.where_it_is_now(result.mask)
        model = Path(request.model).name
        node = request.segmentationNode
        if node is None:
            node = segments.new_segmentation(request.volumeNode)
        self.history.save(node)
        segments.refer_to(node, request.volumeNode)
        labels = FoundLabels.of(result)
        insertion = Insertion(node, request.volumeNode, mask, ct, labels, result.lesions, model)
        ids = insertion.into(request.segmentId)
        for segment_id in ids.values():
            self._renew(node, segment_id)
        return node, ids[labels.main]

    def showPreview(self, request: SegmentationRequest, volume: Volume) -> None:
        """Show what was found so far over the CT; again and again, each in place of the last.

        The preview is outlined in the slice views, cannot be edited, and is not saved with the scene. Where the volume
        has left the scene there is nothing to show it on, and nothing happens.

        Parameters
        ----------
        request : SegmentationRequest
        volume : Volume
            The mask so far, on the CT's voxels; may be cut to a box.
        """
        if request.volumeNode.GetScene() is not None:
            mask, ct = request.where_it_is_now(volume)
            show_preview(request.volumeNode, mask, ct.grid)

    def removePreview(self) -> None:
        """Take the preview away; also one that came with a loaded scene."""
        scene = getattr(slicer, "mrmlScene", None)  # in Slicer Core there is none until somebody sets it
        if scene is not None:
            remove_previews(scene)

    def segmentFolder(
        self,
        inputFolder: str | Path,
        outputFolder: str | Path,
        *,
        model: str | Path = "lung-tumor",
        device: str = "auto",
        overlap: float | None = None,
        overwrite: bool = False,
        progress: Progress = silent,
    ) -> list[dict]:
        """Segment and measure every CT below a folder, files and DICOM series; the scene is not touched.

        Masks, reports and a summary are written; what was done before, with the same CT and the same model, is
        skipped. A CT that cannot be used stops nobody. How it goes is logged.

        Parameters
        ----------
        inputFolder, outputFolder : str or Path
        model, device, overlap
            As in `segment`.
        overwrite : bool
            Do again what is done. Files of others, and masks that were edited since, are never overwritten.
        progress : callable
            Called as ``progress("3/12 network", fraction)``; cancels by raising `CancelledError`.

        Returns
        -------
        list of dict
            One for each CT; see `LungTumorSegLib.results.folder.segment_folder`.

        Raises
        ------
        InputError
            No such folder, no CT in it, no such model, a package that is not installed, or an output folder that
            cannot be written.
        """
        settings = {"device": device, "overlap": overlap}
        return segment_folder(inputFolder, outputFolder, model, self._find, settings, overwrite, progress)

    def close(self) -> None:
        """End the worker's process, if this logic has used one."""
        if self._worker is not None:
            self._worker.close()

    def _find(
        self, ct: Volume, model: str | Path, *, device: str, overlap: float | None, progress: Progress
    ) -> WorkerResult:
        find = self.predictor or partial(run_worker, self.worker)
        return find(ct, model, device=device, overlap=overlap, progress=progress)
