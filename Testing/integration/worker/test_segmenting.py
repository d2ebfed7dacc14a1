"""The real worker: what it finds is what this process finds, in however odd an array, and it stays warm."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.measurements.lesions import find_lesions
from LungTumorSegLib.model import load_model, save_model
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.prediction import Prediction, predict
from LungTumorSegLib.recipe import load_recipe, parse_recipe
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.boxes import bounding_box
from LungTumorSegLib.worker import Worker
from support.models import RECIPE, save_constant_model, save_random_model
from support.volumes import chest_volume
from support.workers import pid_of, poll_until, shared_files

SPECKLED = RECIPE.replace("overlap: 0.25", "overlap: 0.5, threshold: 0.52") + (
    "postprocessing: {components: {minimum_volume_ml: 0.1, minimum_confidence: 0.0}}\n"
)


@pytest.fixture(scope="module")
def worker():
    """One for all tests here: it keeps warm over right and wrong input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        worker = Worker()
        worker.start()
        yield worker
        worker.close()
    assert not shared_files()


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A network of random weights: it finds lesions of all shapes, here and there."""
    folder = tmp_path_factory.mktemp("models") / "speckled"
    weights = network_of(parse_recipe(SPECKLED, "speckled.yaml"), seed=3).state_dict()
    save_model(folder, weights, SPECKLED, {"version": "1.0"})
    return folder


@pytest.fixture(scope="module", autouse=True)
def _same_arithmetic():
    """One thread, as the worker: sums come out the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def embedded(mask: Volume, grid: Grid) -> np.ndarray:
    """Put a cut mask where its grid says."""
    start = np.rint(grid.to_index(mask.grid.origin)).astype(int)[::-1]
    whole = np.zeros(grid.shape, np.uint8)
    whole[tuple(slice(s, s + n) for s, n in zip(start, mask.array.shape, strict=True))] = mask.array
    return whole


def in_this_process(ct: Volume, model: Path) -> Prediction:
    return predict(ct, load_model(model), device="cpu")


def variants() -> dict[str, Volume]:
    ct = chest_volume(Grid((48, 40, 24), (7.0, 8.0, 12.0), (-160.0, -140.0, -300.0)))
    turned = Grid((48, 40, 24), (7.0, 8.0, 12.0), (5.0, 6.0, 7.0), np.diag([-1.0, -1.0, 1.0]))
    permuted = Grid((24, 48, 40), (12.0, 7.0, 8.0), (0, 0, 0), np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]], float))
    read_only = ct.array.copy()
    read_only.setflags(write=False)
    return {
        "plain": ct,
        "read-only": ct.with_array(read_only),
        "Fortran": ct.with_array(np.asfortranarray(ct.array)),
        "float64": ct.with_array(ct.array + 0.25),
        "backwards": Volume(ct.array[:, ::-1, ::-1], turned),
        "big-endian": ct.with_array(ct.array.astype(">i2")),
        "permuted": Volume(ct.array[::, ::-1, :].transpose(1, 2, 0), permuted),
    }


@pytest.mark.parametrize("kind", variants())
def test_the_result_is_that_of_this_process(worker, model, kind):
    ct = variants()[kind]
    before = ct.array.copy()
    result = worker.segment(ct, model=model, device="cpu").wait()
    expected = in_this_process(ct, model)
    assert expected.mask.array.any()
    np.testing.assert_array_equal(embedded(result.mask, ct.grid), expected.mask.array)
    assert result.mask.array.shape == expected.mask.array[bounding_box(expected.mask.array)].shape
    assert result.mask.array.dtype == np.uint8
    assert result.windows_run == expected.windows_run
    np.testing.assert_array_equal(ct.array, before)

    confidence = measure(expected.mask, confidence=expected.probability())["lesions"]
    assert [lesion["confidence"] for lesion in result.lesions] == [lesion["confidence"] for lesion in confidence]
    probability = expected.probability()
    for lesion in result.lesions:
        assert expected.mask.array[lesion["voxel_zyx"]] > 0
        assert probability[lesion["voxel_zyx"]] == lesion["peak"]


@pytest.mark.parametrize("recipe", ["pancreas-3d", "lungs-2d"])
def test_only_lesions_are_told_as_such_and_what_the_labels_are(worker, tmp_path, chest, recipe):
    model = save_random_model(tmp_path / "model", recipe)
    result = worker.segment(chest, model=model, device="cpu").wait()
    known = load_recipe(recipe)
    assert (result.labels, result.lesion_labels) == (known.labels, known.lesions)
    mask = embedded(result.mask, chest.grid)
    assert set(np.unique(mask)) - {0} == set(known.labels)
    assert [lesion["label"] for lesion in result.lesions] == [2] * len(find_lesions(result.mask, known.lesions))
    assert all(mask[lesion["voxel_zyx"]] == 2 for lesion in result.lesions)


def test_it_stays_warm_and_says_what_took_how_long(worker, model, chest):
    first = worker.segment(chest, model=model, device="cpu").wait()
    pid = pid_of(worker)
    second = worker.segment(chest, model=model, device="cpu").wait()
    assert pid_of(worker) == pid
    assert second.timing["starting"] == 0
    assert list(first.timing) == [
        *("starting", "transfer", "loading", "preparing", "network", "resampling", "postprocessing", "result"),
        "total",
    ]
    parts = sum(seconds for stage, seconds in second.timing.items() if stage != "total")
    assert parts == pytest.approx(second.timing["total"], abs=0.01)
    assert second.device["device"] == "cpu"
    assert worker.state == "ready"


def test_devices_are_named_and_automatic_has_a_reason(worker):
    poll_until(worker, lambda: worker.devices, "the devices")
    assert worker.devices[0].device == "cpu"
    assert worker.devices[0].total_bytes > worker.devices[0].free_bytes > 0
    assert worker.automatic.device in [device.device for device in worker.devices]
    assert worker.automatic.reason
    assert not worker.devices[0].is_gpu


def test_nothing_found_is_one_voxel_of_nothing(worker, tmp_path, chest):
    model = save_constant_model(tmp_path / "nothing", tumor_logit=-3.0)
    result = worker.segment(chest, model=model, device="cpu", preview=True).wait()
    assert result.mask.array.tolist() == [[[0]]]
    assert result.mask.grid.spacing == chest.grid.spacing
    assert result.lesions == []


def test_a_model_that_changed_on_disk_is_loaded_anew(worker, tmp_path, chest):
    folder = tmp_path / "changing"
    save_constant_model(folder, tumor_logit=-3.0)
    assert not worker.segment(chest, model=folder, device="cpu").wait().mask.array.any()
    save_constant_model(folder, tumor_logit=3.0)
    assert worker.segment(chest, model=folder, device="cpu").wait().mask.array.any()


def test_any_name_of_a_model_works(worker, tmp_path, chest, monkeypatch):
    folder = save_constant_model(tmp_path / "Лёгкие 肺 ü 'x' \"y\" $HOME" / ("long" * 50))
    assert worker.segment(chest, model=folder, device="cpu").wait().mask.array.any()
    # Relative to the working folder of now, not to that in which the worker was started.
    monkeypatch.chdir(folder.parent)
    assert worker.segment(chest, model=f"./{folder.name}", device="cpu").wait().mask.array.any()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"model": "no-such-model"}, "no such model"),
        ({"device": "cuda:99"}, "cuda:99 cannot be used"),
        ({"device": "abacus"}, "unknown device"),
        ({"overlap": 1.0}, "overlap of windows is 1"),
    ],
)
def test_wrong_input_is_said_as_everywhere_and_the_worker_stays(worker, model, chest, wrong, words):
    pid = pid_of(worker)
    with pytest.raises(InputError, match=words) as raised:
        worker.segment(chest, **{"model": model, "device": "cpu"} | wrong).wait()
    assert raised.value.do
    assert worker.job.failure.kind == "input"
    assert pid_of(worker) == pid
    assert worker.segment(chest, model=model, device="cpu").wait().mask.array.any()


def test_a_ct_without_lungs_is_wrong_input(worker, model, chest):
    with pytest.raises(InputError, match="no lungs"):
        worker.segment(chest.with_array(np.zeros_like(chest.array)), model=model, device="cpu").wait()


def test_the_log_says_nothing_of_the_patient(worker, model, chest):
    grid = Grid(chest.grid.size, chest.grid.spacing, (-161.23456, -140.0, -300.0))
    worker.segment(Volume(chest.array, grid), model=model, device="cpu").wait()
    assert "Segmented on cpu" in worker.log_tail()
    assert "161.2" not in worker.log_tail(400)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_voxel_lies_under_a_name(worker, model, chest):
    job = worker.segment(chest, model=model, device="cpu")
    poll_until(worker, lambda: job.stage not in ("starting", "transfer", "loading"), "the CT")
    assert not shared_files()
    assert any("lungtumorseg" in maps for maps in Path(f"/proc/{pid_of(worker)}/maps").read_text().splitlines())
    assert job.wait().mask.array.any()


def test_the_mask_is_shown_while_windows_finish(worker, tmp_path):
    model = save_constant_model(tmp_path / "everything")
    ct = chest_volume(Grid((64, 56, 40), (5.0, 5.0, 6.0), (-160.0, -140.0, -120.0)))
    job = worker.segment(ct, model=model, device="cpu", overlap=0.95, preview=True)  # thousands of windows
    seen, overall = [], []
    while job.state == "running":
        poll_until(worker, lambda: True, "a moment")
        overall.append(job.overall)
        if job.preview_count > len(seen):
            seen.append(job.preview)
        if len(seen) == 3:
            worker.cancel()
    assert job.state == "cancelled"
    assert overall == sorted(overall)
    volumes = [int(preview.array.sum()) for preview in seen]
    assert 0 < volumes[0] < volumes[-1]  # it grows as the windows go on
    assert volumes == sorted(volumes)
    final = in_this_process(ct, model).mask.array
    for preview in seen:
        assert preview.array.dtype == np.uint8
        beyond = embedded(preview, ct.grid) > final
        assert beyond.mean() < 0.001  # the nearest voxel and the interpolated one differ at the edge
