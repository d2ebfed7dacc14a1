"""MONAI's way, nnU-Net's and this project's own on a chest of one window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.peers.comparing import compare_masks
from benchmark.peers.contenders import CONTENDERS, REFERENCE
from benchmark.peers.job import Job
from benchmark.peers.nnunet_folder import plans_json, write_nnunet_folder
from benchmark.peers.nnunet_network import WindowedNetwork, widest_window
from benchmark.peers.processes import run_fresh
from benchmark.peers.run_one import run
from LungTumorSegLib.model import load_model, save_model
from LungTumorSegLib.networks import load_network
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.phantom.tumours import Tumour
from LungTumorSegLib.preparation import intensity_channels
from LungTumorSegLib.recipe import override
from LungTumorSegLib.volume import Grid, read_mask, write_mask, write_volume

COARSE = [
    "preparation.spacing_mm=[4, 4, 4]",
    "postprocessing.components={keep: all, minimum_volume_ml: 0, minimum_confidence: 0}",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A chest of 84x84x75 voxels with two large tumours, and the packaged network at 4 mm: one window."""
    folder = tmp_path_factory.mktemp("bench")
    phantom = make_phantom(3, size=(84, 84, 75), spacing=(4, 4, 4), tumours_to_grow=[Tumour(60), Tumour(40)])
    write_volume(folder / "ct.nii.gz", phantom.ct)
    write_mask(folder / "truth.nii.gz", phantom.mask)
    packaged = load_model("lung-tumor")
    save_model(folder / "model", packaged.state_dict(), override(packaged.recipe, COARSE), packaged.metadata)
    return folder


@pytest.fixture(scope="module")
def records(folder) -> dict[str, dict]:
    """What `run_one` writes down of (a), (c) and (d)."""
    found = {}
    for key in (REFERENCE, "plain", "default"):
        probability = folder / "probability.npy" if key == REFERENCE else None
        settings = CONTENDERS[key].settings
        job = Job(folder / "ct.nii.gz", folder / "model", folder / f"{key}.nii.gz", "cpu", settings, probability)
        found[key] = run(key, job)
    return found


def test_each_does_the_whole_way_from_file_to_file(records, folder):
    ct = Grid((84, 84, 75), (4, 4, 4), (-166, -166, 2))
    for key, record in records.items():
        assert record["windows"] == record["passes"] == 1
        assert record["peak_bytes"] >= record["imported_bytes"] > 0
        assert {"reading", "preparing", "network", "resampling", "writing"} <= {*record["stages"]}
        assert sum(record["stages"].values()) == pytest.approx(record["seconds"], rel=0.5)
        mask = read_mask(folder / f"{key}.nii.gz")
        assert mask.grid.same_as(ct)
        assert mask.array.any()


def test_their_masks_are_alike(records, folder):
    masks = {key: folder / f"{key}.nii.gz" for key in records} | {"truth": folder / "truth.nii.gz"}
    recipe = load_model(folder / "model").recipe
    compared = compare_masks(masks, folder / "ct.nii.gz", recipe, folder / "probability.npy")
    # One window sees the body alone, another the field of view, the third the lungs: not quite the same statistics.
    assert compared["plain"]["dice"][REFERENCE] > 0.95
    assert compared["default"]["dice"][REFERENCE] > 0.9
    assert compared[REFERENCE]["dice"]["plain"] == compared["plain"]["dice"][REFERENCE]
    assert compared["truth"]["ml"] == pytest.approx(127, rel=0.05)


def test_nnunet_runs_on_the_folder_written_for_it(folder):
    contender = CONTENDERS["nnunet"]
    if obstacle := contender.obstacle():
        pytest.skip(obstacle)
    write_nnunet_folder(folder / "model", folder / "model" / "nnunet")
    arguments = ["nnunet", "--ct", str(folder / "ct.nii.gz"), "--model", str(folder / "model")]
    record = run_fresh(
        contender.python, "benchmark.peers.run_one", [*arguments, "--mask", str(folder / "nnunet.nii.gz")]
    )
    assert record["windows"] == record["passes"] == 1
    assert read_mask(folder / "nnunet.nii.gz").array.any()
    (folder / "nnunet.nii.gz").unlink()


def test_one_channel_carries_all_intensity_windows(folder):
    recipe = load_model(folder / "model").recipe
    hu = np.random.default_rng(0).uniform(-1500, 1500, (32, 32, 32)).astype(np.float32)
    wanted = torch.from_numpy(intensity_channels(hu, recipe.preparation.windows_hu))[None]
    plans = plans_json(recipe, folder / "model")
    told = plans["foreground_intensity_properties_per_channel"]["0"]
    normalised = (np.clip(hu, told["percentile_00_5"], told["percentile_99_5"]) - told["mean"]) / told["std"]

    network = WindowedNetwork(1, 2, str(folder / "model")).eval()
    own = load_network(load_model(folder / "model"))
    network.network.load_state_dict(own.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(
            network(torch.from_numpy(normalised)[None, None]), own(wanted), rtol=1e-3, atol=1e-3
        )


def test_windows_that_one_channel_cannot_carry_are_refused():
    assert widest_window(((-1000, 400), (-160, 240))) == (-1000, 400)
    with pytest.raises(ValueError, match="one channel cannot carry them"):
        widest_window(((-1000, 0), (-160, 240)))
