"""One request to segment, from the shared voxels and back."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import numpy as np

from ..progress import StageTimer
from ..volume import Grid, Volume
from ..volume.boxes import Box, bounding_box
from .connection import Client
from .faults import as_event
from .kept import KeptNetwork, give_memory_back

if TYPE_CHECKING:
    from ..prediction import PartialPrediction, Prediction

logger = logging.getLogger(__name__)

BETWEEN_EVENTS_S = 0.1
BETWEEN_PREVIEWS_S = 0.7
PREVIEWS_SHARE = 1 / 20  # of the time: after a preview that took long there is a longer pause


class Segmenting:
    """Does what a request says, and tells the client.

    Parameters
    ----------
    request : dict
        See `LungTumorSegLib.worker.protocol`.
    client : Client
    kept : KeptNetwork
    """

    def __init__(self, request: dict, client: Client, kept: KeptNetwork):
        self.request = request
        self.job = request["job"]
        self.client = client
        self.kept = kept
        self._voxels = client.voxels(self.job)
        self._device: str | None = None
        self._stage, self._told_at = "", 0.0
        self._next_preview = time.monotonic() + BETWEEN_PREVIEWS_S

    def run(self) -> None:
        """Segment; whatever goes wrong becomes the event ``failed``."""
        self.client.preview_is_taken.set()
        try:
            done = self._segment()
        except Exception as error:
            event = as_event(error, self._device)
            if event["kind"] == "input":
                logger.info("Not segmented: %s", event["message"])
            else:
                logger.exception("Not segmented.")
                self.kept.drop()
            self._send("failed", **event)
        else:
            self._send("done", **done)
        finally:
            self._voxels.close()
            give_memory_back()

    def _segment(self) -> dict:
        from .lesions import describe_lesions

        timer = StageTimer()
        with timer.stage("loading"):
            self._progress("loading", 0.0)
            predictor = self.kept.get(self.request)
        self._device = predictor.device.device
        prediction = predictor.predict(
            self._ct(), overlap=self.request["overlap"], progress=self._progress, timer=timer, watch=self._watch
        )
        with timer.stage("result"):
            self._progress("result", 0.0)
            lesions = describe_lesions(prediction, predictor.recipe.lesions)
            place = self._write_mask(prediction)
        logger.info("Segmented on %s: %s", self._device, {s: round(t, 2) for s, t in timer.seconds.items()})
        return {
            **place,
            "timing": timer.seconds,
            "device": prediction.device.as_dict(),
            "notes": prediction.notes,
            "settings": prediction.settings,
            "windows_run": prediction.windows_run,
            "windows_total": prediction.windows_total,
            "lesions": lesions,
            "labels": {str(label): name for label, name in predictor.recipe.labels.items()},
            "lesion_labels": predictor.recipe.lesions,
            "classification": prediction.classification.as_dict() if prediction.classification else None,
        }

    def _ct(self) -> Volume:
        told = self.request["ct"]
        grid = Grid(told["size"], told["spacing"], told["origin"], told["direction"])
        return Volume(self._voxels.array(np.dtype(told["dtype"]), grid.shape), grid)

    def _write_mask(self, prediction: Prediction) -> dict:
        mask = prediction.mask.array
        box = bounding_box(mask)
        return self._write(mask[box], box, self.request["ct"]["mask_at"])

    def _write(self, labels: np.ndarray, box: Box, offset: int) -> dict:
        """Write labels to the shared voxels, one voxel of 0 where there are none; return where they belong."""
        if labels.size == 0:
            labels, box = np.zeros((1, 1, 1), np.uint8), (slice(0, 1),) * 3
        self._voxels.write(offset, labels)
        return {"corner": [int(side.start) for side in box], "shape": list(labels.shape)}

    def _watch(self, partial: PartialPrediction) -> None:
        """Show the mask so far, where that is wanted, and the last one was seen and is some time ago."""
        began = time.monotonic()
        if not self.request["preview"] or began < self._next_preview or not self.client.preview_is_taken.is_set():
            return
        self.client.preview_is_taken.clear()
        self._send("preview", **self._write(*partial.labels(), self.request["ct"]["preview_at"]))
        ended = time.monotonic()
        self._next_preview = ended + max(BETWEEN_PREVIEWS_S, (ended - began) / PREVIEWS_SHARE)

    def _progress(self, stage: str, fraction: float) -> None:
        now = time.monotonic()
        if stage == self._stage and 0 < fraction < 1 and now < self._told_at + BETWEEN_EVENTS_S:
            return
        self._stage, self._told_at = stage, now
        self._send("progress", stage=stage, fraction=fraction)

    def _send(self, event: str, **content) -> None:
        self.client.send({"event": event, "job": self.job, **content})
