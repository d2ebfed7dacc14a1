"""(b): nnU-Net v2's own predictor, with its own pre- and post-processing, on a model folder of its own kind.

Its defaults, but for three things in its favour: nothing is handed to helper processes, whose start would count for
a single CT; it is told how many cores there are; one image channel carries all intensity windows (`nnunet_network`).
"""

from __future__ import annotations

import contextlib
import os
import warnings
from importlib.metadata import version

from LungTumorSegLib.machine import usable_cores

os.environ.setdefault("nnUNet_def_n_proc", str(usable_cores()))  # read by nnU-Net when it is imported

import torch
from nnunetv2.inference import predict_from_raw_data
from nnunetv2.training.nnUNetTrainer import nnUNetTrainer  # noqa: F401 - else imported while the clock runs

from LungTumorSegLib.progress import StageTimer

from .job import Job, Outcome
from .nnunet_folder import CHECKPOINT


def run(job: Job, timer: StageTimer) -> Outcome:
    """Segment a CT as `nnUNetv2_predict -step_size 0.5` does; ``job.model`` holds a folder ``nnunet``."""
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(None):
        return _run(job, timer)


def _run(job: Job, timer: StageTimer) -> Outcome:
    with timer.stage("loading"):
        predictor = predict_from_raw_data.nnUNetPredictor(
            tile_step_size=0.5,
            use_gaussian=True,
            use_mirroring=job.settings["mirroring"],
            device=torch.device(job.device),
            allow_tqdm=False,
        )
        predictor.initialize_from_trained_model_folder(str(job.model / "nnunet"), (0,), CHECKPOINT)
    counted = _count(predictor)
    inner = {"preparing": "reading", "resampling": "writing"}
    _time_stages(predictor, timer)
    predictor.predict_from_files_sequential([[str(job.ct)]], [str(job.mask).removesuffix(".nii.gz")])
    for outer, part in inner.items():
        timer.seconds[outer] -= timer.seconds[part]
    return Outcome(counted["windows"], counted["passes"])


def versions() -> dict[str, str]:
    """Name what did the work."""
    return {"nnU-Net": version("nnunetv2"), "torch": version("torch")}


def _count(predictor) -> dict[str, int]:
    """Count windows, and how often the network runs."""
    counted = {"windows": 0, "passes": 0}
    lay_out = predictor._internal_get_sliding_window_slicers

    def lay_out_and_count(*arguments):
        slicers = lay_out(*arguments)
        counted["windows"] += len(slicers)
        return slicers

    def one_pass(*_):
        counted["passes"] += 1

    predictor._internal_get_sliding_window_slicers = lay_out_and_count
    predictor.network.register_forward_hook(one_pass)
    return counted


def _time_stages(predictor, timer: StageTimer) -> None:
    """Have nnU-Net's own functions timed; reading lies within preparing, and writing within resampling."""
    reader = predictor.plans_manager.image_reader_writer_class
    for owner, name, stage in (
        (reader, "read_images", "reading"),
        (predictor.configuration_manager.preprocessor_class, "run_case", "preparing"),
        (predictor, "predict_logits_from_preprocessed_data", "network"),
        (predict_from_raw_data, "export_prediction_from_logits", "resampling"),
        (reader, "write_seg", "writing"),
    ):
        setattr(owner, name, _timed(getattr(owner, name), timer, stage))


def _timed(function, timer: StageTimer, stage: str):
    def timed(*arguments, **keywords):
        with timer.stage(stage):
            return function(*arguments, **keywords)

    return timed
