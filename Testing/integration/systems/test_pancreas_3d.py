"""`pancreas-3d` through the public commands: trained on two abdomens until `segment` gives their labels again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from LungTumorSegLib.recipe import dump_recipe, load_recipe, override
from LungTumorSegLib.training.search.space import SearchSpace
from LungTumorSegLib.volume import read_mask
from support.abdomens import CANCER, PANCREAS, dice, write_abdomens
from support.commands import call, run
from support.small_systems import PANCREAS_3D

SEARCH_SPACES = Path(__file__).parents[3] / "Resources" / "search"


def learn(folder: Path) -> tuple[Path, dict]:
    """Train; return the folder with the data, its cache, the small recipe and the exported model; and the cases."""
    cases = write_abdomens(folder / "data")
    recipe = folder / "small.yaml"
    recipe.write_text(dump_recipe(PANCREAS_3D.small_recipe()), encoding="utf-8")
    for command in (
        ("prepare", folder / "data", "--recipe", recipe, "-o", folder / "cache"),
        ("train", "--recipe", recipe, "--data", folder / "cache", "-o", folder / "run", "--device", "cpu"),
        ("export", folder / "run", "-o", folder / "model"),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stderr
    return folder, cases


def test_segment_gives_the_trained_labels_again(learned, model):
    folder, cases = learned
    for name, (ct, labels) in cases.items():
        output = folder / f"{name}.nii.gz"
        image = folder / "data" / "imagesTr" / f"{name}.nii.gz"
        done = call("segment", image, "--model", model, "-o", output, "--device", "cpu")
        assert done.returncode == 0, done.stderr
        found = read_mask(output)
        assert found.array.shape == ct.array.shape
        for label in (PANCREAS, CANCER):
            assert dice(found.array == label, labels.array == label) >= PANCREAS_3D.least_dice == 0.9, (name, label)


def test_evaluate_tells_the_classes_apart_and_draws_how(learned, model, tmp_path):
    folder, cases = learned
    outputs = ("--report", tmp_path / "r.json", "--confusion", tmp_path / "c.png", "--save-masks", tmp_path / "masks")
    done = call("evaluate", "--model", model, "--data", folder / "data", *outputs, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    classes = report["classes"]
    assert classes["names"] == ["Background", "Pancreas", "Pancreatic cancer"]
    assert min(classes["pooled_dice"]) >= 0.9
    assert (tmp_path / "c.png").stat().st_size > 10_000
    assert "taken for pancreatic cancer" in done.stdout
    expected = np.zeros((3, 3), int)
    for name, (_, labels) in cases.items():
        found = read_mask(tmp_path / "masks" / f"{name}.seg.nrrd").array
        np.add.at(expected, (labels.array.ravel(), found.ravel()), 1)
        pancreas = dice(found == PANCREAS, labels.array == PANCREAS)
        assert classes["dice_of_each_case"][name][PANCREAS] == pytest.approx(pancreas)
    assert classes["voxels"] == expected.tolist()
    for case in report["cases"]:
        assert case["dice"] == pytest.approx(np.mean(classes["dice_of_each_case"][case["case"]][1:]))


def test_the_models_recipe_holds_the_mean_and_deviation_of_the_training_scans(learned, model):
    _, cases = learned
    ((mean, deviation),) = yaml.safe_load((model / "recipe.yaml").read_text())["preparation"]["normalization"]
    clipped = [np.clip(ct.array, -100, 200).astype(float) for ct, _ in cases.values()]
    weights = [np.full(ct.array.shape, ct.grid.voxel_ml) for ct, _ in cases.values()]
    values, weights = (np.concatenate([part.ravel() for part in parts]) for parts in (clipped, weights))
    assert mean == pytest.approx(np.average(values, weights=weights), abs=0.1)
    assert deviation == pytest.approx(np.sqrt(np.average((values - mean) ** 2, weights=weights)), abs=0.1)


def test_stitching_of_centres_and_gaussian_blending_are_both_at_hand(learned, model, tmp_path):
    """The same weights with either: nearly the same labels, from the same windows."""
    folder, cases = learned
    other = tmp_path / "gaussian.yaml"
    text = (model / "recipe.yaml").read_text()
    assert "blending: centre" in text
    other.write_text(text.replace("blending: centre", "blending: gaussian"), encoding="utf-8")
    assert call("export", folder / "run", "-o", tmp_path / "model", "--recipe", other).returncode == 0
    name, (_, labels) = next(iter(cases.items()))
    image, masks = folder / "data" / "imagesTr" / f"{name}.nii.gz", []
    for kind in (model, tmp_path / "model"):
        assert call("segment", image, "--model", kind, "-o", tmp_path / "m.nii.gz", "--device", "cpu").returncode == 0
        masks.append(read_mask(tmp_path / "m.nii.gz").array)
    assert dice(masks[0] > 0, masks[1] > 0) > 0.95
    assert dice(masks[1] == PANCREAS, labels.array == PANCREAS) >= 0.9


def test_the_works_space_is_searched(learned, tmp_path):
    """Two trials of two steps: that each gets its values of dropout, activation and the weights of two classes."""
    folder, cases = learned
    settings = ["training.steps=2", "training.validate_every_steps=2", "training.distinct_patches=4"]
    sets = [part for setting in settings for part in ("--set", setting)]
    arguments = ("--recipe", folder / "small.yaml", "--data", folder / "cache", "-o", tmp_path / "search", *sets)
    spaces, held_out = ("--space", SEARCH_SPACES / "pancreas-3d.yaml"), ("--validate", max(cases))
    done = call("search", *arguments, *spaces, *held_out, "--trials", 2, "--pruner", "none", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    best = yaml.safe_load((tmp_path / "search" / "best.yaml").read_text())
    assert best["network"]["dropout"] in (0.2, 0.4, 0.6)
    assert best["network"]["activation"] in ("relu", "leaky_relu")
    background, pancreas, cancer = best["training"]["loss"]["class_weights"]
    assert background == 1
    assert 50 <= pancreas <= 250 <= cancer <= 1000


def test_the_space_of_the_other_loss_suits_the_recipe():
    settings = ["training.loss.top_k_cross_entropy=1", "training.loss.cross_entropy=0"]
    recipe = override(load_recipe("pancreas-3d"), settings)
    space = SearchSpace.parse([str(SEARCH_SPACES / "pancreas-3d-top-k.yaml")], recipe).describe()
    assert space["training.loss.top_k_share"] == "choice:0.05,0.1"
    assert {key.rpartition(".")[2] for key in space} == {"top_k_share", "1", "2"}
