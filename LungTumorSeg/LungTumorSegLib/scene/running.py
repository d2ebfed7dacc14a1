"""The network run by the worker while the caller waits, for one CT or for a folder of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import Progress
from ..volume import Volume
from .packages import packages_named

if TYPE_CHECKING:
    from ..worker import Worker, WorkerResult

logger = logging.getLogger(__name__)

Predictor = Callable[..., Any]
"""``predictor(ct, model, *, device, overlap, progress)``: a `Volume` and a model's name or folder in; something with
the ``mask`` and the ``lesions`` of a `LungTumorSegLib.worker.WorkerResult` out, and with its ``labels`` and
``lesion_labels`` where it is not of lung tumours."""


@cache
def warm_worker() -> Worker:
    """Return the one worker of this application; its process is started by whoever needs it first."""
    from ..worker import Worker

    return Worker()


def run_worker(
    worker: Worker, ct: Volume, model: str | Path, *, device: str, overlap: float | None, progress: Progress
) -> WorkerResult:
    """Segment a CT and wait. The device, and what went otherwise than planned, are logged.

    Raises
    ------
    InputError, WorkerError, CancelledError
        See `LungTumorSegLib.worker.Job.wait`.
    """
    with packages_named():
        result = worker.segment(ct, model=model, device=device, overlap=overlap).wait(progress)
    logger.info("The network ran on %s.", result.device.get("device", "an unknown device"))
    for note in result.notes:
        logger.warning(note)
    return result


def segment_folder(
    source: str | Path,
    target: str | Path,
    model: str | Path,
    predictor: Predictor,
    settings: dict,
    overwrite: bool,
    progress: Progress,
) -> list[dict]:
    """Segment every CT below a folder; see `LungTumorSegLib.results.folder.segment_folder`.

    ``settings`` are the predictor's device and overlap.
    """
    with packages_named():
        from ..model import load_model
        from ..results.folder import StopError, segment_folder
        from ..worker import WorkerError

        def find(ct: Volume, progress: Progress) -> WorkerResult:
            try:
                return predictor(ct, model, **settings, progress=progress)
            except WorkerError as error:
                if error.failure.kind == "packages":
                    raise StopError from error
                raise

        try:
            return segment_folder(source, target, load_model(model), find, overwrite=overwrite, progress=progress)
        except StopError as stop:
            raise stop.__cause__ from None
