"""From a data set to a model and its scores, through the commands alone."""

from __future__ import annotations

import json

import pytest

from support.commands import call, check_refusal, snapshot
from support.commands import run as run_command
from support.models import RECIPE

SMALL = ["--set", "training.steps=4", "--set", "training.checkpoint_every_steps=2", "--device", "cpu"]


@pytest.fixture(scope="module")
def data(bench, tmp_path_factory):
    """Two cases in folders: one with its tumour, one that is said to have none."""
    folder = tmp_path_factory.mktemp("data")
    for name, with_tumor in (("sick", True), ("well", False)):
        (folder / name).mkdir()
        (folder / name / "ct.nii.gz").symlink_to(bench.ct)
        if with_tumor:
            (folder / name / "tumor.nii.gz").symlink_to(bench.reference)
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_train_resume_export_and_evaluate(data, recipe, tmp_path):
    run, model, report = tmp_path / "run", tmp_path / "model", tmp_path / "scores.json"
    trained = run_command("train", "--recipe", recipe, "--data", data, "-o", run, *SMALL)
    assert trained.returncode == 0, trained.stderr
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "step"] == [1, 2, 3, 4]

    again = call("train", "--recipe", recipe, "--data", data, "-o", run, *SMALL)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    other = call("train", "--recipe", recipe, "--data", data, "-o", run, "--resume", "--device", "cpu")
    assert other.returncode == 2
    assert "another recipe: training.steps was 4, and is 10000; give the same" in other.stderr

    fewer = call("train", "--recipe", recipe, "--data", data, "-o", run, "--resume", "--leave-out", "well", *SMALL)
    assert fewer.returncode == 2
    assert "other cases" in fewer.stderr

    assert call("export", run, "-o", model).returncode == 0
    before = snapshot(model)
    finer = tmp_path / "finer.yaml"
    finer.write_text(RECIPE.replace("[4, 4, 5]", "[2, 2, 5]"), encoding="utf-8")
    check_refusal(call("export", run, "-o", model), "there is a model in this folder", "--overwrite")
    refused = call("export", run, "-o", model, "--overwrite", "--recipe", finer)
    check_refusal(refused, "another 'preparation'")
    assert snapshot(model) == before
    evaluated = call("evaluate", "--model", model, "--data", data, "--device", "cpu", "--report", report)
    assert evaluated.returncode == 0, evaluated.stderr
    scores = json.loads(report.read_text())
    assert [case["case"] for case in scores["cases"]] == ["sick", "well"]
    assert scores["summary"]["cases_with_tumor"] == scores["summary"]["cases_without_tumor"] == 1
    assert "sick" in evaluated.stdout


def test_scores_of_a_model_that_takes_all_lung_for_tumor(bench, data, tmp_path):
    report = tmp_path / "scores.json"
    result = call("evaluate", "--model", bench.everything, "--data", data, "--device", "cpu", "--report", report)
    assert result.returncode == 0, result.stderr
    sick, well = json.loads(report.read_text())["cases"]
    assert 0 < sick["dice"] < 0.3
    assert sick["lesions_found"] == sick["lesions"] == 2
    assert sick["false_positives"] == 0
    assert well["lesions"] == 0
    assert well["false_positives"] >= 1


def test_data_in_no_known_layout_is_answered_by_what_was_expected_and_found(bench, tmp_path):
    (tmp_path / "scans").mkdir()
    result = call("evaluate", "--model", bench.nothing, "--data", tmp_path)
    assert result.returncode == 2
    assert "expected dataset.json" in result.stderr
    assert "found scans" in result.stderr


def test_case_that_cannot_be_scored_is_named_and_costs_no_other(bench, data, tmp_path):
    from LungTumorSegLib.volume import Grid, Volume, write_mask
    from LungTumorSegLib.volume.reading import read_mask

    elsewhere = read_mask(bench.reference)
    moved = Grid(elsewhere.grid.size, elsewhere.grid.spacing, (500, 0, 0), elsewhere.grid.direction)
    for name in ("askew", "sound"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "ct.nii.gz").symlink_to(bench.ct)
    write_mask(tmp_path / "data" / "askew" / "ignore.nii.gz", Volume(elsewhere.array, moved))
    report = tmp_path / "scores.json"
    result = call("evaluate", "--model", bench.nothing, "--data", tmp_path / "data", "--report", report)
    assert result.returncode == 2
    scores = json.loads(report.read_text())
    assert [case["case"] for case in scores["cases"]] == ["sound"]
    assert scores["failed"][0]["case"] == "askew"
    assert "ignore.nii.gz" in scores["failed"][0]["reason"]


def test_what_is_no_run_is_not_exported(tmp_path):
    result = call("export", tmp_path, "-o", tmp_path / "model")
    assert result.returncode == 2
    assert "no training run" in result.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "card", ['{"version": "1", "x": NaN}', "[" * 100_000, '{"version": "1", "x": ' + "9" * 9999 + "}"]
)
def test_a_card_that_is_not_json(tmp_path, card):
    (tmp_path / "card.json").write_text(card)
    check_refusal(call("export", tmp_path, "-o", tmp_path / "m", "--card", tmp_path / "card.json"), "as JSON")
