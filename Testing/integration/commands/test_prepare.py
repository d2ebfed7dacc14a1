"""`prepare`, as a user starts it, and `train` on what it made."""

from __future__ import annotations

import json
import shutil

import pytest

from LungTumorSegLib.training.data.cache import read_index
from support.commands import call, check_refusal, events
from support.commands import run as run_command
from support.data_sets import WHOLE_CHEST, write_case, write_case_folders
from support.dicom_annotations import circle, write_rtstruct
from support.dicom_series import write_ct_series
from support.models import RECIPE
from support.volumes import chest_volume

COARSE = [word for setting in WHOLE_CHEST for word in ("--set", setting)]


@pytest.fixture
def data(tmp_path):
    return write_case_folders(tmp_path / "data")


def prepare(data, cache, *options):
    return call("prepare", data, "--recipe", "lung-tumor", "-o", cache, *COARSE, *options)


def test_prepare_says_what_was_done_and_train_takes_the_cache(data, tmp_path):
    cache, run = tmp_path / "cache", tmp_path / "run"
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE.replace("[4, 4, 5]", "fingerprint").replace("region: lungs", "region: all"))
    made = run_command("prepare", data, "--recipe", recipe, "-o", cache, "--workers", "2")
    assert made.returncode == 0, made.stderr
    assert "3 of 3 cases prepared now, 0 were there" in made.stderr
    assert "preparation.spacing_mm from the fingerprint: (10.0, 10.0, 20.0)" in made.stderr
    assert made.stdout.startswith("3 cases, 2 with a tumour (2 lesions)\nspacing, median: 10 x 10 x 20 mm")
    assert str(cache) in made.stdout
    assert json.loads((cache / "fingerprint.json").read_text())["cases"] == 3

    write_case(data / "late", 7)
    again = call("prepare", data, "--recipe", recipe, "-o", cache, "--json")
    assert again.returncode == 0, again.stderr
    told = events(again.stdout)
    assert "1 of 4 cases prepared now, 3 were there" in [event.get("message") for event in told]
    (fingerprint,) = [event["fingerprint"] for event in told if event["event"] == "fingerprint"]
    assert fingerprint["cases"] == 4

    small = [
        "--set",
        "training.steps=2",
        "--set",
        "training.checkpoint_every_steps=2",
        "--device",
        "cpu",
        "--workers",
        "0",
    ]
    trained = call("train", "--recipe", recipe, "--data", cache, "-o", run, *small)
    assert trained.returncode == 0, trained.stderr
    assert not (run / "cache").exists()
    assert "spacing_mm: [10.0, 10.0, 20.0]" in (run / "recipe.yaml").read_text()


def test_damaged_case_is_refused_or_skipped_by_name(data, tmp_path):
    (data / "case_1" / "tumor.nii.gz").write_bytes(b"damaged")
    refused = prepare(data, tmp_path / "cache")
    assert refused.returncode == 2
    assert "case case_1:" in refused.stderr.splitlines()[-1]
    assert "tumor.nii.gz" in refused.stderr.splitlines()[-1]
    skipped = prepare(data, tmp_path / "cache", "--skip-bad")
    assert skipped.returncode == 0, skipped.stderr
    assert "1 of 2 cases prepared now, 1 were there; 1 skipped (case_1)" in skipped.stderr
    assert list(read_index(tmp_path / "cache").skipped) == ["case_1"]


def test_prepare_takes_nothing_out_of_a_cache_unasked(data, tmp_path):
    cache = tmp_path / "cache"
    assert prepare(data, cache).returncode == 0
    shutil.rmtree(data / "case_1")
    refused = prepare(data, cache)
    assert refused.returncode == 2
    assert "the cache holds 1 case that the data set lacks: case_1; " in refused.stderr.splitlines()[-1]
    assert sorted(read_index(cache).sources) == ["case_0", "case_1", "case_2"]
    done = prepare(data, cache, "--remove-missing")
    assert "1 removed, being no longer in the data set (case_1)" in done.stderr
    assert sorted(read_index(cache).sources) == ["case_0", "case_2"]


def test_train_leaves_bad_cases_out_on_wish(data, tmp_path):
    recipe, run = tmp_path / "tiny.yaml", tmp_path / "run"
    recipe.write_text(RECIPE.replace("region: lungs", "region: all"))
    (data / "case_1" / "ct.nii.gz").write_bytes(b"damaged")
    settings = ("--set", "training.steps=2", "--device", "cpu", "--workers", "0", "--skip-bad")
    trained = call("train", "--recipe", recipe, "--data", data, "-o", run, *settings)
    assert trained.returncode == 0, trained.stderr
    assert "1 case left out, since unusable: case_1" in trained.stderr
    assert json.loads((run / "data.json").read_text())["cases"] == ["case_0", "case_2"]


def test_roi_is_chosen_by_an_expression(tmp_path):
    ct = chest_volume()
    slices = write_ct_series(tmp_path / "data" / "case", ct)
    write_rtstruct(slices[0].parent / "rs", slices[0], {"Primair": [circle(ct.grid, 5, (10, 14), 3)]})
    unnamed = prepare(tmp_path / "data", tmp_path / "cache")
    assert unnamed.returncode == 2
    assert "there is 'Primair'; name it by --roi" in unnamed.stderr
    named = prepare(tmp_path / "data", tmp_path / "cache", "--roi", "^prim")
    assert named.returncode == 0, named.stderr
    assert named.stdout.startswith("1 case, 1 with a tumour")


def test_mistakes_are_answered_in_one_line(data, tmp_path):
    (tmp_path / "empty").mkdir()
    check_refusal(prepare(tmp_path / "empty", tmp_path / "cache"), "no cases: expected dataset.json", "found nothing")
    check_refusal(prepare(data, tmp_path / "cache", "--roi", "("), "--roi", "no regular expression")
    (tmp_path / "file").write_text("")
    check_refusal(
        call("prepare", data, "--recipe", "lung-tumor", "-o", tmp_path / "file" / "c"),
        "a part of the path is a file",
    )
