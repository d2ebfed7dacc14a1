"""Starting a run on a data set that is not prepared, and of which some cases cannot be used."""

from __future__ import annotations

import json
import shutil

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import dump_recipe
from LungTumorSegLib.training.start import start_run
from support.data_sets import coarse_recipe, write_case, write_case_folders

RECIPE = coarse_recipe(
    "network={name: unet, channels: [4, 8], strides: [2], residual_units: 1}",
    "training.patch_size=[16, 16, 8]",
    "inference.window_size=[16, 16, 8]",
    "training.synthesis.nodule=0",
)


@pytest.fixture
def data(tmp_path):
    """Eight cases, seven with a tumour; of one the CT is damaged, of another the mask."""
    data = write_case_folders(tmp_path / "data", 8)
    (data / "case_1" / "ct.nii.gz").write_bytes(b"damaged")
    (data / "case_4" / "tumor.nii.gz").write_bytes(b"damaged")
    return data


def start(data, folder, **options):
    return start_run(RECIPE, data, folder, device="cpu", workers=0, **options)


def test_they_are_refused_by_default(data, tmp_path):
    with pytest.raises(InputError, match=r"case_\d"):
        start(data, tmp_path / "run")


def test_on_wish_they_are_left_out_and_named(data, tmp_path, caplog):
    ready = start(data, tmp_path / "run", skip_bad=True)
    assert ready.skipped == ("case_1", "case_4")
    assert "2 cases left out, since unusable: case_1, case_4" in ready.describe()
    assert "case case_1 is skipped: " in caplog.text
    told = json.loads((tmp_path / "run" / "data.json").read_text())
    used = [*told["cases"], *told["validation"]]
    assert sorted(used) == ["case_0", "case_2", "case_3", "case_5", "case_6", "case_7"]
    assert sorted(case.name for case in ready.data.cases) == told["cases"]
    assert told["validation"]


def test_a_start_says_one_of_a_thing_in_the_singular(tmp_path):
    data = write_case(tmp_path / "data" / "case").parent
    ready = start_run(RECIPE, data, tmp_path / "run", device="cpu", workers=1)
    said = ready.describe()
    assert said[0].endswith(", one process, 1 loader process")
    assert said[1].startswith("1 case (in memory, ")
    assert said[2].endswith(" steps to do, 2 patches each")
    assert len(said) == 3


def test_a_second_start_reads_only_the_bad_ones_again(data, tmp_path):
    start(data, tmp_path / "run", skip_bad=True)
    notes = tmp_path / "run" / "cache" / "fingerprints"
    before = {path.name: path.stat().st_mtime_ns for path in notes.iterdir()}
    assert len(before) == 6  # those that are validated too
    start(data, tmp_path / "run", skip_bad=True)
    assert {path.name: path.stat().st_mtime_ns for path in notes.iterdir()} == before


def test_a_case_that_is_left_out_anyway_is_not_read(data, tmp_path):
    assert start(data, tmp_path / "run", skip_bad=True, leave_out=("case_1",)).skipped == ("case_4",)


def test_a_bad_case_cannot_be_validated(data, tmp_path):
    with pytest.raises(InputError, match="--validate: the case case_1 cannot be used"):
        start(data, tmp_path / "run", skip_bad=True, validate=("case_0", "case_1"))


def test_a_run_does_not_go_on_with_a_case_that_was_restored_meanwhile(data, tmp_path):
    run = tmp_path / "run"
    recipe = start(data, run, skip_bad=True).run.recipe
    (run / "recipe.yaml").write_text(dump_recipe(recipe))
    (run / "checkpoint.pt").write_bytes(b"not looked at yet")
    shutil.rmtree(data / "case_1")
    write_case(data / "case_1", 1)
    with pytest.raises(InputError, match="the run was started with other cases"):
        start(data, run, skip_bad=True, resume=True)


def test_nothing_but_bad_cases(data, tmp_path):
    for path in data.glob("*/ct.nii.gz"):
        path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="no case can be used"):
        start(data, tmp_path / "run", skip_bad=True)
