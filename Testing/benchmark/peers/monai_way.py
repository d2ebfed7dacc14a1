"""(a): the sliding window as one writes it with MONAI, as Loux 2024 did: transforms, inferer, inverse, argmax.

Loux did not crop CTs; MONAI's tutorials crop them to the body, for which ``crop`` asks.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version

import numpy as np
import torch
from monai.data import MetaTensor
from monai.inferers import SlidingWindowInferer
from monai.transforms import (
    AsDiscreted,
    Compose,
    ConcatItemsd,
    CopyItemsd,
    CropForegroundd,
    EnsureChannelFirstd,
    EnsureTyped,
    Invertd,
    LoadImaged,
    Orientationd,
    SaveImaged,
    ScaleIntensityRanged,
    Spacingd,
)

from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.model import load_model
from LungTumorSegLib.networks import load_network
from LungTumorSegLib.progress import StageTimer
from LungTumorSegLib.recipe.schema import Recipe

from .job import Job, Outcome

OVERLAP = 0.8
BODY_HU = -500.0
WINDOWS_AT_ONCE = 4  # as in MONAI's tutorials


def run(job: Job, timer: StageTimer) -> Outcome:
    """Segment a CT with MONAI alone; the network and its weights are this project's."""
    warnings.simplefilter("ignore")
    with timer.stage("loading"):
        model = load_model(job.model)
        recipe = model.recipe
        device = choose_device(job.device, job.settings["precision"])
        network = Counted(load_network(model).to(device.device))
    with timer.stage("reading"):
        data = LoadImaged("image")({"image": str(job.ct)})
    prepare = Compose(_transforms(recipe, device.device, job.settings.get("crop", False)))
    with timer.stage("preparing"):
        data = prepare(data)
    inferer = inferer_of(recipe, job.settings.get("batch", WINDOWS_AT_ONCE))
    with timer.stage("network"), torch.inference_mode(), device.autocast():
        # MONAI's images are xyz, and the network was trained on zyx.
        logits = inferer(data["windows"].as_tensor()[None].permute(0, 1, 4, 3, 2).contiguous(), network)
        data["pred"] = _as_image(logits[0].float().permute(0, 3, 2, 1), data["image"])
        if device.is_cuda:
            torch.cuda.synchronize()  # else what follows would be told to take its time
    prepared = dict(data) if job.probability else {}
    with timer.stage("resampling"):
        data = _inverse(prepare)(data)
        data = AsDiscreted("pred", argmax=True)(data)
    with timer.stage("writing"):
        _save(data, job)
    return Outcome(network.windows, network.windows, None, lambda: _leave_probability(prepared, prepare, job))


def inferer_of(recipe: Recipe, batch: int = WINDOWS_AT_ONCE) -> SlidingWindowInferer:
    """Build MONAI's sliding window with a recipe's windows, at the overlap of Loux 2024."""
    return SlidingWindowInferer(
        roi_size=recipe.inference.window_size[::-1],
        sw_batch_size=batch,
        overlap=OVERLAP,
        mode="gaussian",
        sigma_scale=recipe.inference.sigma_scale,
        padding_mode="constant",
        cval=-1.0,
    )


def versions() -> dict[str, str]:
    """Name what did the work."""
    return {name: version(name) for name in ("monai", "torch")}


def _transforms(recipe: Recipe, device: str, crop: bool) -> list:
    """From the file's image to the network's input; the image stays beside it, for what is undone afterwards."""
    bounds = recipe.preparation.windows_hu
    names = [f"window{number}" for number in range(len(bounds))]
    return [
        EnsureChannelFirstd("image"),
        Orientationd("image", axcodes="LPS", labels=None),
        Spacingd("image", pixdim=recipe.preparation.spacing_mm, mode="bilinear"),
        *([CropForegroundd("image", source_key="image", select_fn=_is_body, allow_smaller=True)] if crop else []),
        EnsureTyped("image", device=device),
        CopyItemsd("image", times=len(names), names=names),
        *(
            ScaleIntensityRanged(name, *hu, b_min=-1, b_max=1, clip=True)
            for name, hu in zip(names, bounds, strict=True)
        ),
        ConcatItemsd(names, name="windows"),
    ]


def _is_body(hu):
    return hu > BODY_HU


def _as_image(logits: torch.Tensor, image: MetaTensor) -> MetaTensor:
    """Give logits (K, x, y, z) the place of the prepared image."""
    return MetaTensor(logits, meta=image.meta, applied_operations=image.applied_operations)


def _inverse(prepare: Compose) -> Invertd:
    return Invertd("pred", transform=prepare, orig_keys="image", nearest_interp=False, to_tensor=True)


def _save(data: dict, job: Job) -> None:
    name = job.mask.name.removesuffix(".nii.gz")
    SaveImaged(
        "pred",
        output_dir=job.mask.parent,
        output_dtype=np.uint8,
        separate_folder=False,
        resample=False,
        output_name_formatter=lambda meta, transform: {"subject": name, "idx": None},
        output_postfix="",
        print_log=False,
    )(data)


def _leave_probability(prepared: dict, prepare: Compose, job: Job) -> None:
    """Write the foreground probability that the mask was cut from (zyx)."""
    if job.probability is None:
        return
    logits = _inverse(prepare)(prepared)["pred"].as_tensor().cpu()
    foreground = torch.sigmoid(torch.logsumexp(logits[1:], dim=0) - logits[0])
    np.save(job.probability, foreground.numpy().T.astype(np.float16))


class Counted(torch.nn.Module):
    """A network that counts the windows it is given."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network.eval()
        self.windows = 0

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        self.windows += len(tiles)
        return self.network(tiles)
