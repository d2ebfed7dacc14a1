"""Options of inference through the one path: what each does to windows and voxels, and that the report says it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.lungs import place_of
from LungTumorSegLib.model import load_model
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.volume import Grid, Volume
from support.models import save_constant_model

PLAIN = [
    "preparation.region=all",
    "preparation.region_margin_mm=0",
    "preparation.spacing_mm=null",
    "network.channels=[4, 8]",
    "network.strides=[2]",
    "inference.window_size=[16, 16, 16]",
    "inference.coarse_overlap=null",
    "inference.precision=float32",
    "postprocessing.components.minimum_volume_ml=0",
    "postprocessing.components.minimum_confidence=0",
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Many small convolutions gain nothing by more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Bright(torch.nn.Module):
    """Calls tumour what is brighter than -300 HU in the recipe's first window."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logit = 40 * (image[:, :1] + 0.0)
        return torch.cat([-logit, logit], dim=1)


@pytest.fixture(scope="module")
def trunk() -> tuple[Volume, np.ndarray]:
    """A trunk of fat (below -300 HU here) with an organ in it, a bright couch behind it, and air around."""
    z, y, x = np.meshgrid(np.arange(24), np.arange(64), np.arange(80), indexing="ij")
    hu = np.full(z.shape, -1000)
    hu[((x - 40) / 28) ** 2 + ((y - 26) / 18) ** 2 < 1] = -350
    organ = ((x - 30) / 6) ** 2 + ((y - 22) / 5) ** 2 + ((z - 12) / 6) ** 2 < 1
    hu[organ] = 90
    hu[:, 54:56, 5:75] = 200
    return Volume(hu.astype(np.int16), Grid((80, 64, 24), (4.0, 4.0, 4.0))), organ


def predict(ct: Volume, *settings: str):
    recipe = override(load_recipe("lung-tumor"), [*PLAIN, *settings])
    return Predictor(recipe, Bright(), choose_device("cpu", "float32")).predict(ct)


def expected(ct: Volume, organ: np.ndarray, margin_mm: float) -> list[str]:
    place = place_of(ct, organ)
    return [
        "inference.windows=expected",
        f"inference.expected={{x: {list(place.x)}, y: {list(place.y)}, margin_mm: {margin_mm}}}",
    ]


def test_windows_about_the_body_save_work_lose_nothing_and_leave_the_couch_out(trunk):
    ct, organ = trunk
    every, body = predict(ct), predict(ct, "inference.windows=body")
    assert body.windows_run < every.windows_run
    assert np.array_equal(body.mask.array > 0, organ)
    couch = (every.mask.array > 0) & ~organ
    assert couch.any()
    assert not (body.mask.array > 0)[couch].any()
    assert body.settings["windows"] == "body: those with a voxel of the body"
    assert every.settings["windows"] == "region: all"


def test_windows_where_labels_are_expected_save_more(trunk):
    ct, organ = trunk
    found = predict(ct, *expected(ct, organ, 16.0))
    assert found.windows_run < predict(ct, "inference.windows=body").windows_run
    assert np.array_equal(found.mask.array > 0, organ)
    assert found.notes == ()
    assert "16 mm around" in found.settings["windows"]


def test_what_reaches_the_end_of_where_it_was_expected_is_told_about(trunk):
    ct, organ = trunk
    narrow = predict(ct, "inference.windows=expected", "inference.expected={x: [0.1, 0.3], y: [0, 1], margin_mm: 0}")
    assert (narrow.mask.array > 0).any()
    assert (narrow.mask.array > 0).sum() < organ.sum()
    assert ["reaches the end of where it was expected" in note for note in narrow.notes] == [True]


def test_it_is_told_also_where_resampling_takes_a_voxel_off_the_end(trunk):
    """Voxels of 1 mm, looked at in 3 mm: wherever the place's end lies between these."""
    ct, _ = trunk
    fine = Volume(np.repeat(np.repeat(ct.array, 4, 1), 4, 2), Grid((320, 256, 24), (1.0, 1.0, 4.0)))
    place = "inference.expected={x: [0.1, 0.28], y: [0, 1], margin_mm: 0}"
    for margin_mm in (10, 11, 12):
        around = f"preparation.region_margin_mm={margin_mm}"
        narrow = predict(fine, "inference.windows=expected", place, "preparation.spacing_mm=[3, 3, 4]", around)
        assert (narrow.mask.array > 0).any()
        assert len(narrow.notes) == 1


def test_nobody_said_where_labels_are_expected(trunk):
    with pytest.raises(InputError, match=r"windows: expected.*does not know where in the body.*use windows: body"):
        predict(trunk[0], "inference.windows=expected")


def test_the_lung_region_is_not_limited_twice():
    with pytest.raises(InputError, match=r"windows: body needs preparation\.region: all"):
        override(load_recipe("lung-tumor"), ["inference.windows=body"])


@pytest.mark.parametrize("batch_size", ["1", "3", "memory"])
def test_batches_of_any_size_give_the_same_mask_and_are_explained(trunk, batch_size):
    ct, _ = trunk
    found = predict(ct, f"inference.batch_size={batch_size}")
    assert np.array_equal(found.mask.array, predict(ct).mask.array)
    number, _, reason = found.settings["batch_size"].partition(": ")
    assert int(number) >= 1
    assert reason == "asked for" if batch_size != "memory" else "ms a window" in reason or "too few" in reason


def test_the_settings_of_torch_are_as_before_even_if_the_network_fails(trunk):
    class Fails(torch.nn.Module):
        def forward(self, image):
            assert torch.backends.cuda.matmul.allow_tf32
            raise RuntimeError("broken")

    recipe = override(load_recipe("lung-tumor"), [*PLAIN, "inference.tf32=true"])
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    with pytest.raises(RuntimeError, match="broken"):
        Predictor(recipe, Fails(), choose_device("cpu", "float32")).predict(trunk[0])
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == before
    found = predict(trunk[0], "inference.tf32=true", "inference.mirror_axes=[x]")
    assert found.settings["tf32"] == "on: no effect on the CPU"
    assert found.settings["mirror_axes"] == "x: the mean over 2 flips of each window"


def test_a_model_is_used_with_other_settings_and_says_so(tmp_path):
    model = load_model(save_constant_model(tmp_path / "model"))
    assert "set" not in model.describe()
    used = model.used_with(["inference.mirror_axes=[x]", "postprocessing.components.keep=largest"])
    assert used.recipe.inference.mirror_axes == ("x",)
    assert used.describe()["set"] == ["inference.mirror_axes=[x]", "postprocessing.components.keep=largest"]
    for wrong, said in {
        "network.channels=[4, 8]": "only what comes after training can be changed here",
        "inference.batch_size=lots": "key 'inference.batch_size'",
        "inference.batch_size=0": "key 'inference.batch_size'",
        "inference.quantization=int4": "key 'inference.quantization'",
        "inference.mirror_axes=[x, x]": "names an axis twice",
        "inference.flip=x": "expected key=value with a key of the recipe",
        "inference.expected={x: [1, 0], y: [0, 1]}": "must rise from low to high",
    }.items():
        with pytest.raises(InputError, match=said.replace("(", r"\(")):
            model.used_with([wrong])


def test_networks_are_rearranged_on_the_cpu_save_those_in_int8():
    model = load_model("lung-tumor")
    assert Predictor.load(model, "cpu").network.memory_format == torch.channels_last_3d
    in_int8 = replace(model, recipe=override(model.recipe, ["inference.quantization=int8"]))
    assert not hasattr(Predictor.load(in_int8, "cpu").network, "memory_format")
