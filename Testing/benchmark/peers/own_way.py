"""(c) and (d): this project's own path, from file to file, by its public names."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

# Else imported while the clock runs; the others have all that they need by then, too.
import cc3d  # noqa: F401
import monai.networks.nets  # noqa: F401
import scipy.ndimage  # noqa: F401
import SimpleITK  # noqa: F401

import LungTumorSegLib
from LungTumorSegLib.model import load_model
from LungTumorSegLib.prediction import predict
from LungTumorSegLib.progress import StageTimer
from LungTumorSegLib.recipe import override
from LungTumorSegLib.volume import read_ct
from LungTumorSegLib.volume.writing import write_mask

from .job import Job, Outcome


def run(job: Job, timer: StageTimer) -> Outcome:
    """Segment a CT; ``set`` changes keys of the model's recipe first."""
    with timer.stage("loading"):
        model = load_model(job.model)
        model = replace(model, recipe=override(model.recipe, list(job.settings.get("set", ()))))
    with timer.stage("reading"):
        ct = read_ct(job.ct)
    prediction = predict(ct, model, device=job.device)
    for stage, seconds in prediction.timing.items():
        timer.seconds[stage] = timer.seconds.get(stage, 0.0) + seconds
    with timer.stage("writing"):
        write_mask(job.mask, prediction.mask, model.recipe.labels)
    passes = prediction.windows_run * 2 ** len(model.recipe.inference.mirror_axes)
    return Outcome(prediction.windows_run, passes, prediction.windows_total)


def versions() -> dict[str, str]:
    """Name what did the work."""
    return {"LungTumorSeg": LungTumorSegLib.__version__, "torch": version("torch")}
