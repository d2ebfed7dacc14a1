"""The loop: it learns, goes on where it was stopped, and never loses a run."""

from __future__ import annotations

import json

import pytest
import torch

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.recipe import override
from LungTumorSegLib.training.checkpoint import load_checkpoint
from LungTumorSegLib.training.loop import NotFiniteError, TrainingRun
from LungTumorSegLib.training.sampling import PatchSampler


@pytest.fixture(autouse=True)
def _one_thread():
    # Sums in one order, so that two runs can be compared bit by bit.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_run(cases, nodules, small_recipe, tmp_path):
    def make(folder: str, *settings: str) -> TrainingRun:
        recipe = override(small_recipe, list(settings))
        patches = PatchSampler(cases, nodules, recipe.training, (1.5, 1.5, 1.5), seed=3)
        return TrainingRun(recipe, patches, tmp_path / folder, choose_device("cpu", "float32"), workers=0)

    return make


def stop_at(step: int, steps: int):
    def progress(stage: str, fraction: float) -> None:
        if round(fraction * steps) == step:
            raise CancelledError

    return progress


def test_resumed_run_gives_the_weights_of_an_uninterrupted_one(make_run):
    whole = make_run("whole")
    whole.train()
    cut = make_run("cut")
    with pytest.raises(CancelledError):
        cut.train(progress=stop_at(4, 6))
    resumed = make_run("cut")
    resumed.resume()
    assert resumed.step == 4  # who stops a run loses no step
    resumed.train()
    for name, value in whole.average.items():
        assert torch.equal(value, resumed.average[name]), name
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name


def test_metrics_are_one_json_object_a_line(make_run):
    run = make_run("metrics")
    run.train(validate=lambda _: {"dice": 0.5})
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [3, 6]
    assert all(row["dice"] == 0.5 and row["loss"] > 0 for row in rows)


def test_loss_falls(make_run):
    quickly = ["training.optimizer.learning_rate=0.01", "training.optimizer.warmup_steps=0"]
    run = make_run("learns", "training.steps=90", "training.checkpoint_every_steps=30", *quickly)
    run.train()
    losses = [json.loads(line)["loss"] for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]


def test_loss_that_is_not_finite_ends_the_run_with_the_checkpoint_intact(make_run):
    run = make_run("nan")
    with pytest.raises(CancelledError):
        run.train(progress=stop_at(4, 6))
    before = load_checkpoint(run.checkpoint_path)
    with torch.no_grad():
        next(run.network.parameters()).fill_(float("nan"))
    with pytest.raises(NotFiniteError, match="step 4"):
        run.train()
    after = load_checkpoint(run.checkpoint_path)
    assert after.step == before.step == 4
    assert all(torch.isfinite(value).all() for value in after.network.values())


def test_checkpoint_that_holds_code_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"step": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match=r"cannot be read: .* could run code; restore"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert not (tmp_path / "ran").exists()
