"""`search` with real trainings: killed and gone on with, trials that fail, trials that are ended early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from LungTumorSegLib.phantom import Tumour, make_phantom
from LungTumorSegLib.recipe import load_recipe
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.search.search import Search, Setting
from LungTumorSegLib.training.search.space import SearchSpace
from LungTumorSegLib.training.search.study import opened, pruner_of
from LungTumorSegLib.volume import write_mask, write_volume
from support.commands import call, check_refusal, events, start
from support.commands import run as run_command

RECIPE = """
name: tiny
description: A small network for tests.
preparation: {region: lungs, spacing_mm: [8, 8, 8]}
network: {name: unet, channels: [4, 8], strides: [2], residual_units: 0}
training:
  patch_size: [16, 16, 16]
  positive_share: 1
  precision: float32
  steps: 4
  validate_every_steps: 2
  checkpoint_every_steps: 1
  optimizer: {gradient_clip: null}
inference: {window_size: [32, 32, 32], overlap: 0, precision: float32}
postprocessing: {components: {minimum_volume_ml: 4}}
"""
SPACE = ("--space", "training.optimizer.learning_rate=log:1e-4:1e-1", "--space", "network.dropout=0:0.6")
CASES = ("--validate", "b", "--workers", "0", "--device", "cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for seed, name in enumerate("ab", start=2):
        phantom = make_phantom(seed, size=(64, 64, 40), spacing=(5.5, 5.5, 7.5), tumours_to_grow=[Tumour(45)])
        write_volume(folder / name / "ct.nii.gz", phantom.ct)
        write_mask(folder / name / "tumor.nii.gz", phantom.mask)
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def trials_of(folder: Path) -> list[dict]:
    trials = json.loads((folder / "search.json").read_text(encoding="utf-8"))["trials"]
    return [{**trial, "seconds": None} for trial in trials]


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_a_search_that_was_killed_ends_as_if_it_had_not_been(data, recipe, tmp_path):
    def command(folder, *options):
        return ("search", "--recipe", recipe, "--data", data, "-o", folder, *SPACE, *CASES, *options)

    whole = tmp_path / "whole"
    uninterrupted = start(*command(whole, "--trials", "2"))  # goes on meanwhile
    # Killed within the second trial, with a checkpoint of it written; then asked for a third.
    killed = tmp_path / "killed"
    program = start("--json", *command(killed, "--trials", "2"))
    wait_for(lambda: validated(killed / "trial-0001"), program)
    program.send_signal(signal.SIGKILL)
    program.communicate(timeout=60)
    assert not (killed / "in-use.lock").is_dir()
    assert [trial["state"] for trial in trials_of(killed)] == ["done"]

    gone_on = run_command("--json", *command(killed, "--trials", "2"))
    assert gone_on.returncode == 0, gone_on.stderr
    told = events(gone_on.stdout)
    assert [(event["number"], event["state"]) for event in told if event["event"] == "trial"] == [(1, "done")]
    assert any("network.dropout" in event["message"] and "goes on" in event["message"] for event in notes(told))

    said, complaint = uninterrupted.communicate(timeout=240)
    assert uninterrupted.returncode == 0, complaint
    assert trials_of(killed) == trials_of(whole)  # to the last bit of every Dice
    assert len({trial["values"]["network.dropout"] for trial in trials_of(whole)}) == 2
    assert "Not for clinical use" in said

    best = load_recipe(whole / "best.yaml")
    assert best.network.dropout == json.loads((whole / "search.json").read_text())["best"]["values"]["network.dropout"]
    # The data were prepared once, for all trials.
    assert (whole / "cache").is_dir()
    assert not (whole / "trial-0000" / "cache").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_a_warning_of_the_cluster_ends_it_with_a_checkpoint(data, recipe, tmp_path):
    long = ("--set", "training.steps=1000", "--set", "training.validate_every_steps=1000")
    program = start(
        "search", "--recipe", recipe, "--data", data, "-o", tmp_path, "--trials", "1", *SPACE, *CASES, *long
    )  # fmt: skip
    wait_for((tmp_path / "trial-0000" / "metrics.jsonl").is_file, program)
    program.send_signal(signal.SIGTERM)
    _, stderr = program.communicate(timeout=120)
    assert program.returncode == 75
    assert stderr.splitlines()[-1].endswith("stopped by SIGTERM; go on with the same command")
    assert (tmp_path / "trial-0000" / "checkpoint.pt").is_file()


def validated(run: Path) -> bool:
    history = run / "metrics.jsonl"
    return history.is_file() and '"validation"' in history.read_text(encoding="utf-8")


def wait_for(condition, program) -> None:
    until = time.monotonic() + 240
    while not condition():
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def notes(told: list[dict]) -> list[dict]:
    return [event for event in told if event["event"] == "note"]


def search(data: Path, folder: Path, recipe: Recipe, *specs: str) -> Search:
    setting = Setting(data, seed=0, device="cpu", workers=0, leave_out=(), validate=("b",), fold=None)
    return Search(recipe, SearchSpace.parse(specs, recipe), folder, setting)


def test_a_loss_of_nan_fails_its_trial_and_not_the_search(data, recipe, tmp_path):
    rates = "training.optimizer.learning_rate=choice:1e30,2e30"
    ended = []
    results, written = search(data, tmp_path, load_recipe(recipe), rates).run(2, tell=ended.append)
    assert [trial.state for trial in results.trials] == ["failed", "failed"]
    assert "the loss became" in results.trials[0].reason
    assert [trial.number for trial in ended] == [0, 1]
    assert results.best is None
    assert "recipe" not in dict(written)


def test_values_that_do_not_go_together_fail_their_trial(data, recipe, tmp_path):
    specs = ("network.strides=choice:[2],[4]", "training.patch_size=choice:[16,16,16],[18,18,18]")
    begun = search(data, tmp_path, load_recipe(recipe), *specs)
    with opened(tmp_path, begun._setup(), pruner_of("median", 4, 2)) as study:
        study.enqueue_trial({"network.strides": "[4]", "training.patch_size": "[18, 18, 18]"})
    results, _ = begun.run(1)
    assert [trial.state for trial in results.trials] == ["failed"]
    assert "do not go together" in results.trials[0].reason


def test_a_training_that_others_did_better_than_is_ended_at_its_first_validation(data, recipe, tmp_path):
    begun = search(data, tmp_path, load_recipe(recipe), "network.dropout=0:0.6")
    with opened(tmp_path, begun._setup(), pruner_of("median", 4, 2)) as study:
        for dropout in (0.1, 0.2, 0.3):  # as good as no training of four steps can be
            study.add_trial(
                create_trial(
                    params={"network.dropout": dropout},
                    distributions={"network.dropout": FloatDistribution(0, 0.6)},
                    value=0.99,
                    intermediate_values={2: 0.99, 4: 0.99},
                )
            )
    results, _ = begun.run(4)
    assert results.trials[3].state == "pruned"
    assert results.trials[3].step == 2
    assert results.best.number == 0
    steps = [json.loads(line) for line in (tmp_path / "trial-0003" / "metrics.jsonl").read_text().splitlines()]
    assert max(row["step"] for row in steps) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--space", "network.droput=0:0.6"], ["network.droput", "no such key"]),
        (["--space", "network.dropout=0:2"], ["network.dropout", "less than 1"]),
        ([], ["nothing to search over", "log:LOW:HIGH"]),
        (["--space", "network.dropout=0:0.6", "--pruner", "best"], ["'best'", "hyperband"]),
        (["--space", "network.dropout=0:0.6", "--set", "training.setps=4"], ["training.setps"]),
    ],
)
def test_a_bad_space_is_refused_before_anything_is_read(recipe, tmp_path, options, words):
    result = call(
        "search", "--recipe", recipe, "--data", tmp_path / "none", "--trials", "1", "-o", tmp_path / "s", *options
    )
    check_refusal(result, *words)
    assert not (tmp_path / "s").exists()


def test_without_optuna_one_line_says_what_to_install(recipe, tmp_path):
    (tmp_path / "optuna.py").write_text("raise ImportError('hidden')", encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from LungTumorSegLib.commandline.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ("search", "--recipe", recipe, "--data", tmp_path, "--trials", "1", "-o", tmp_path / "s", *SPACE)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    check_refusal(done, "Optuna", "pip install optuna")
