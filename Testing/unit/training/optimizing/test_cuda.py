"""The loop on a GPU: precisions, the scaler, steps left out without the host's knowing, resumption, NCCL."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.training.optimizing.checkpoint import load_checkpoint
from LungTumorSegLib.training.optimizing.loop import train
from support.group import run_together
from support.training import Recorder, small_run

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]


def finite(run) -> bool:
    return all(bool(torch.isfinite(value).all()) for value in run.network.state_dict().values())


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_learns_in_every_precision_with_every_optimiser(tmp_path, precision, optimizer):
    rate = 0.05 if optimizer == "sgd" else 0.01
    settings = [
        f"training.precision={precision}",
        f"training.optimizer={{name: {optimizer}, learning_rate: {rate}, momentum: 0.9, averaging: 0.9}}",
        "training.steps=60",
        "training.not_finite=skip",
    ]
    run, seen = small_run(tmp_path / "run", *settings, device="cuda", workers=2), Recorder()
    train(run, [seen])
    losses = [report.loss for report in seen.steps]
    assert len(losses) == 60
    assert sum(losses[-15:]) < 0.95 * sum(losses[:15])
    assert finite(run)
    assert run.stepper.scaler.is_enabled() == (precision == "float16")


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_nan_is_left_out_on_the_device_itself(tmp_path, precision):
    settings = [f"training.precision={precision}", "training.not_finite=skip", "training.steps=30"]
    run, seen = small_run(tmp_path / "run", *settings, device="cuda"), Recorder()
    loss = run.stepper.loss
    run.stepper.loss = lambda *a, **k: loss(*a, **k) * (float("nan") if run.step in (12, 13, 25) else 1.0)
    train(run, [seen])
    lost = [report.step for report in seen.steps if report.loss != report.loss]
    assert lost == [13, 14, 26]
    assert finite(run)


def test_state_of_the_scaler_is_kept(tmp_path):
    settings = ["training.precision=float16", "training.not_finite=skip", "training.steps=30"]
    run = small_run(tmp_path / "run", *settings, device="cuda")
    train(run)
    saved = load_checkpoint(run.checkpoint_path)
    resumed = small_run(tmp_path / "run", *settings, device="cuda")
    resumed.resume()
    assert resumed.stepper.scaler.state_dict() == run.stepper.scaler.state_dict() == saved.scaler
    assert resumed.step == 30


def test_resumed_run_draws_the_same_dropout_and_comes_close(tmp_path):
    """Not bit by bit: cuDNN chooses its algorithms by their speed."""
    settings = ["training.precision=float32", "network.dropout=0.3", "training.steps=20"]
    settings += ["training.checkpoint_every_steps=10", "training.optimizer={name: sgd, learning_rate: 0.01}"]
    whole = small_run(tmp_path / "whole", *settings, device="cuda")
    train(whole)
    cut = small_run(tmp_path / "cut", *settings, device="cuda")
    cut.recipe.training.__dict__["steps"] = 10
    train(cut)
    resumed = small_run(tmp_path / "cut", *settings, device="cuda")
    resumed.resume()
    assert resumed.step == 10
    train(resumed)
    for name, value in whole.network.state_dict().items():
        assert torch.allclose(value, resumed.network.state_dict()[name], atol=1e-2), name


def test_several_processes_over_nccl(tmp_path):
    count = torch.cuda.device_count()
    if count < 2:
        pytest.skip("NCCL takes a GPU for each process, and there is one")
    run_together(2, "support.training_rank", tmp_path, "training.steps=3", GROUP_DEVICE="cuda")
    one, other = (torch.load(tmp_path / f"rank-{rank}.pt", weights_only=True)["weights"] for rank in range(2))
    assert all(torch.equal(value.cpu(), other[name].cpu()) for name, value in one.items())
