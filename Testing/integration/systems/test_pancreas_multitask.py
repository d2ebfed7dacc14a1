"""`pancreas-multitask` through the public commands: three abdomens with lesions of three subtypes, until it knows all.

The data lie in nnU-Net's raw layout with the table of subtypes; the network is planned from them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from LungTumorSegLib.volume import read_mask
from support.abdomens import CANCER, PANCREAS, dice
from support.commands import call, check_refusal, run
from support.small_systems import PANCREAS_MULTITASK
from support.subtyped_abdomens import write_subtyped_abdomens


def learn(folder: Path) -> tuple[Path, dict]:
    """Train from the data set as it is: it is prepared first; return the folder with all of it, and the cases."""
    cases = write_subtyped_abdomens(folder / "data")
    recipe = ("--recipe", PANCREAS_MULTITASK.recipe, *PANCREAS_MULTITASK.changes())
    done = run("train", *recipe, "--data", folder / "data", "-o", folder / "run", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "planned (plan.yaml): spacing 0.85 x 0.85 x 2.5 mm: the median of 3 cases" in done.stderr
    done = run("export", folder / "run", "-o", folder / "model")
    assert done.returncode == 0, done.stderr
    return folder, cases


def test_segment_gives_labels_and_subtype_of_the_training_cases_again(learned, model):
    folder, cases = learned
    for name, (ct, labels, subtype) in cases.items():
        output, report = folder / f"{name}.nii.gz", folder / f"{name}.json"
        image = folder / "data" / "imagesTr" / f"{name}_0000.nii.gz"
        done = call("segment", image, "--model", model, "-o", output, "--report", report, "--device", "cpu")
        assert done.returncode == 0, done.stderr
        found = read_mask(output)
        assert found.array.shape == ct.array.shape
        for label in (PANCREAS, CANCER):
            reached = dice(found.array == label, labels.array == label)
            assert reached >= PANCREAS_MULTITASK.least_dice == 0.9, (name, label)
        told = json.loads(report.read_text())
        assert told["classification"]["subtype"] == subtype
        assert sum(told["classification"]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert f"Class of the lesions: Subtype {subtype} (probabilities:" in done.stdout
        assert [lesion["volume_ml"] for lesion in told["lesions"]] == [told["segments"][1]["volume_ml"]]


def test_evaluate_tells_macro_f1_and_dice_of_each_class(learned, model):
    folder, cases = learned
    report = folder / "scores.json"
    done = call("evaluate", "--model", model, "--data", folder / "data", "--report", report, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    scores = json.loads(report.read_text())
    assert scores["subtype_summary"]["macro_f1"] == 1
    assert scores["subtype_summary"]["confusion"] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert [row["reference"] for row in scores["subtypes"]] == [subtype for *_, subtype in cases.values()]
    assert min(scores["classes"]["pooled_dice"]) >= 0.9
    assert "Macro-averaged F1 1.000, accuracy 1.000." in done.stdout


def test_model_holds_the_planned_network_in_numbers(learned, model):
    folder, _ = learned
    plan = yaml.safe_load((folder / "run" / "plan.yaml").read_text())
    recipe = yaml.safe_load((model / "recipe.yaml").read_text())
    assert recipe["network"]["name"] == "resenc"
    assert recipe["network"]["strides"] == plan["strides"]
    assert recipe["network"]["channels"] == plan["channels"]
    assert recipe["inference"]["window_size"] == recipe["training"]["patch_size"] == plan["patch_size"]
    assert recipe["training"]["classification"]["class_weights"] == [1, 1, 1]
    assert plan["memory_gb"] <= 0.05


def test_every_epoch_of_the_run_is_told(learned, model):
    folder, _ = learned
    rows = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    epochs = [row for row in rows if row["kind"] == "epoch"]
    assert [row["epoch"] for row in epochs] == [1, 2, 3, 4, 5, 6]
    first, last = epochs[0], epochs[-1]
    assert last["parts"]["classification"] < first["parts"]["classification"] / 2
    assert last["macro_f1"] > first["macro_f1"]
    assert last["dice"]["Pancreatic lesion"] > 0.85 > first["dice"]["Pancreatic lesion"]


def test_data_without_its_table_can_be_scored_but_not_trained_on(learned, model, tmp_path):
    write_subtyped_abdomens(tmp_path / "data", 1)
    (tmp_path / "data" / "subtype_mapping.json").unlink()
    done = call("evaluate", "--model", model, "--data", tmp_path / "data", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "no table of subtypes: the masks alone are scored" in done.stderr
    assert "Macro-averaged" not in done.stdout
    done = call("prepare", tmp_path / "data", "--recipe", "pancreas-multitask", "-o", tmp_path / "cache")
    check_refusal(
        done,
        f"{tmp_path / 'data'}: there is no table of subtypes: expected subtype_mapping.json",
        "found dataset.json",
    )
