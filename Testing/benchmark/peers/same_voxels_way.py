"""(a) on the voxels that (c) and (d) prepare: what differs from (c) then is the sliding window alone.

MONAI interpolates between the nearest voxels where this project averages all that a coarser voxel covers, so that
(a) and (c) show the network slightly different images.
"""

from __future__ import annotations

import torch

from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.model import load_model
from LungTumorSegLib.networks import load_network
from LungTumorSegLib.prediction.predict import network_input
from LungTumorSegLib.preparation import prepare_ct
from LungTumorSegLib.progress import StageTimer
from LungTumorSegLib.recipe import override
from LungTumorSegLib.volume import read_ct
from LungTumorSegLib.volume.writing import write_mask

from .job import Job, Outcome
from .monai_way import Counted, inferer_of, versions

__all__ = ["run", "versions"]


def run(job: Job, timer: StageTimer) -> Outcome:
    """Segment a CT with this project's preparation and MONAI's sliding window."""
    with timer.stage("loading"):
        model = load_model(job.model)
        recipe = override(model.recipe, list(job.settings["set"]))
        device = choose_device(job.device, "float32")
        network = Counted(load_network(model).to(device.device))
    with timer.stage("reading"):
        ct = read_ct(job.ct)
    with timer.stage("preparing"):
        prepared = prepare_ct(ct, recipe.preparation, recipe.inference)
        windows = torch.from_numpy(network_input(prepared.hu, recipe.preparation))[None].to(device.device)
    inferer = inferer_of(recipe)
    with timer.stage("network"), torch.inference_mode():
        foreground = 1 - inferer(windows, network)[0].softmax(dim=0)[0].cpu()
    with timer.stage("resampling"):
        labels = (prepared.grid_map.backward(foreground.numpy()) >= recipe.inference.threshold).astype("uint8")
        mask = ct.with_array(prepared.grid_map.embed(labels))
    with timer.stage("writing"):
        write_mask(job.mask, mask, recipe.labels)
    return Outcome(network.windows, network.windows)
