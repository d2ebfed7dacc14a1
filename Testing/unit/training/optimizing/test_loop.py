"""The loop: it learns, goes on where it was stopped, and never loses a run."""

from __future__ import annotations

import signal

import pytest
import torch
from safetensors.torch import load_file

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.evaluation import summarize
from LungTumorSegLib.model import load_model
from LungTumorSegLib.training.export import export_run
from LungTumorSegLib.training.optimizing.checkpoint import BestWeights, load_checkpoint
from LungTumorSegLib.training.optimizing.loop import train
from LungTumorSegLib.training.optimizing.step_losses import NotFiniteError
from LungTumorSegLib.training.processes.stopping import Stop, StopRequested
from LungTumorSegLib.training.watching.reports import ValidationReport
from support.training import Recorder, StopAfter


def weights_of(run) -> dict:
    return {**run.network.state_dict(), **{f"average.{name}": value for name, value in run.average.weights.items()}}


def assert_same_weights(one, other) -> None:
    mine, theirs = weights_of(one), weights_of(other)
    different = [name for name, value in mine.items() if not torch.equal(value, theirs[name])]
    assert not different


# Everything that has a state: dropout, momentum, the average, a rate that waits for plateaus, accumulation.
STATEFUL = (
    "network.dropout=0.3",
    "training.gradient_accumulation=2",
    "training.steps_per_epoch=2",
    "training.optimizer={learning_rate: 0.01, averaging: 0.9, decay: plateau, "
    "plateau: {patience: 1, least_change: 10, factor: 0.5}}",
)


def test_resumed_run_gives_the_weights_of_an_uninterrupted_one(make_run):
    whole = make_run("whole", *STATEFUL)
    train(whole)
    assert whole.schedule.factor < 1  # the plateau has had its say
    stop = Stop()
    with pytest.raises(StopRequested):
        train(make_run("cut", *STATEFUL), [StopAfter(3, stop)], stop=stop)
    resumed = make_run("cut", *STATEFUL)
    resumed.resume()
    assert resumed.step == 3  # who stops a run loses no step
    train(resumed)
    assert_same_weights(whole, resumed)
    assert whole.schedule.state() == resumed.schedule.state()


def test_loader_processes_and_dropout_change_nothing_in_that(make_run):
    whole, stop = make_run("whole", *STATEFUL), Stop()
    train(whole)
    with pytest.raises(StopRequested):
        train(make_run("cut", *STATEFUL, workers=1), [StopAfter(4, stop)], stop=stop)
    resumed = make_run("cut", *STATEFUL)
    resumed.resume()
    train(resumed)
    assert_same_weights(whole, resumed)


def test_observers_are_told_every_step_with_its_loss_and_rate(make_run):
    run, seen = make_run("told", "training.optimizer.warmup_steps=4"), Recorder()
    train(run, [seen])
    assert [report.step for report in seen.steps] == [1, 2, 3, 4, 5, 6]
    assert all(report.loss > 0 and report.steps == 6 for report in seen.steps)
    assert seen.steps[0].learning_rate == pytest.approx(seen.steps[3].learning_rate / 4)
    assert seen.steps[0].seconds_left is not None
    assert seen.steps[-1].seconds_left == 0
    assert seen.closed_times == 1


def test_loss_falls(make_run):
    quickly = ["training.optimizer.learning_rate=0.01", "training.optimizer.warmup_steps=0", "training.steps=80"]
    run, seen = make_run("learns", *quickly), Recorder()
    train(run, [seen])
    losses = [report.loss for report in seen.steps]
    assert sum(losses[-20:]) < 0.8 * sum(losses[:20])


def validation(*dices: float):
    """A validation that finds one Dice after the other."""
    left = list(dices)

    def validate(run) -> ValidationReport:
        torch.rand(1)  # a validation may draw random numbers; the run's own stay as they are
        return ValidationReport(run.step, (), {**summarize([]), "mean_dice": left.pop(0)}, 0.1)

    return validate


def test_best_weights_are_kept_and_validation_changes_nothing(make_run):
    settings = [*STATEFUL, "training.validate_every_steps=2"]
    plain = make_run("plain", *settings)
    train(plain)
    run, seen = make_run("best", *settings), Recorder()
    train(run, [seen], validation(0.3, 0.6, 0.5))
    assert [report.step for report in seen.validations] == [2, 4, 6]
    best = load_checkpoint(run.best_path, BestWeights)
    assert (best.step, best.score) == (4, 0.6)
    assert_same_weights(plain, run)
    last = load_checkpoint(run.checkpoint_path)
    assert (last.step, last.validated_step, last.best_score) == (6, 6, 0.6)
    assert any(not torch.equal(best.average[name], value) for name, value in last.average.items())


def test_best_weights_can_be_exported(make_run, tmp_path):
    run = make_run("run", "training.validate_every_steps=2")
    train(run, validate=validation(0.3, 0.6, 0.5))
    best, last = load_checkpoint(run.best_path, BestWeights), load_checkpoint(run.checkpoint_path)
    for weights, saved in (("best", best), ("last", last)):
        export_run(run.folder, tmp_path / weights, {"version": "1"}, weights=weights)
        exported = load_file(tmp_path / weights / "model.safetensors")
        assert all(torch.equal(value, saved.average[name].half()) for name, value in exported.items())
    run.best_path.unlink()
    with pytest.raises(InputError, match="was not validated"):
        export_run(run.folder, tmp_path / "none", {"version": "1"}, weights="best")


def test_export_replaces_a_model_only_on_wish(make_run, tmp_path):
    run, folder = make_run("run"), tmp_path / "model"
    train(run)
    export_run(run.folder, folder, {"version": "1"})
    with pytest.raises(InputError, match=r"there is a model in this folder; .*--overwrite"):
        export_run(run.folder, folder, {"version": "2"})
    assert load_model(folder).version == "1"
    export_run(run.folder, folder, {"version": "2"}, overwrite=True)
    assert load_model(folder).version == "2"


def test_validation_that_was_interrupted_is_made_up_for(make_run):
    settings = ["training.validate_every_steps=4"]
    stop = Stop()

    def interrupted(run):
        stop.ask(signal.SIGTERM)

    with pytest.raises(StopRequested):
        train(make_run("cut", *settings), validate=interrupted, stop=stop)
    resumed, seen = make_run("cut", *settings), Recorder()
    resumed.resume()
    assert resumed.step == 4
    train(resumed, [seen], validation(0.1, 0.2))
    assert [report.step for report in seen.validations] == [4, 6]


def test_plateau_of_validation_lowers_the_rate(make_run):
    settings = ["training.validate_every_steps=1", "training.optimizer={decay: plateau, learning_rate: 1, "]
    settings[1] += "plateau: {watch: validation, patience: 1, factor: 0.1}}"
    run, seen = make_run("plateau", *settings), Recorder()
    train(run, [seen], validation(0.5, 0.4, 0.4, 0.6, 0.6, 0.6))
    assert [report.learning_rate for report in seen.steps] == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1])
    assert run.schedule.factor == pytest.approx(0.01)
    with pytest.raises(InputError, match=r"plateau\.watch: the learning rate waits for validations"):
        train(make_run("none", *settings))


def test_plateau_of_validation_goes_on_waiting_where_a_stopped_run_was(make_run):
    settings = ["training.validate_every_steps=1", "training.checkpoint_every_steps=1"]
    settings.append("training.optimizer={decay: plateau, plateau: {watch: validation, patience: 2, factor: 0.1}}")
    dices = (0.5, 0.4, 0.4, 0.4, 0.4, 0.4)
    whole = make_run("whole", *settings)
    train(whole, validate=validation(*dices))
    stop = Stop()
    with pytest.raises(StopRequested):
        train(make_run("cut", *settings), [StopAfter(3, stop)], validation(*dices), stop)
    resumed = make_run("cut", *settings)
    resumed.resume()
    waited = len(dices) - resumed.step + 1  # the validation that the stop prevented is made up for
    train(resumed, validate=validation(*dices[-waited:]))
    assert resumed.schedule.state() == whole.schedule.state()
    assert whole.schedule.factor == pytest.approx(0.1)


def poison_at(run, *steps: int) -> None:
    """Let the loss of these steps (counted from 0) be NaN."""
    loss = run.stepper.loss

    def poisoned(*arguments, **options):
        value = loss(*arguments, **options)
        return value._replace(total=value.total * (float("nan") if run.step in steps else 1.0))

    poisoned.parts = loss.parts
    run.stepper.loss = poisoned


def test_nan_stops_the_run_with_weights_and_checkpoint_intact(make_run):
    run = make_run("nan")
    poison_at(run, 4)
    with pytest.raises(NotFiniteError, match=r"loss became nan .* at step 5.*training\.not_finite=skip"):
        train(run)
    assert all(torch.isfinite(value).all() for value in weights_of(run).values())
    saved = load_checkpoint(run.checkpoint_path)
    assert saved.step == 3
    assert all(torch.isfinite(value).all() for value in saved.network.values())


def test_steps_that_are_not_finite_can_be_left_out(make_run, caplog):
    run, seen = make_run("skip", "training.not_finite=skip"), Recorder()
    poison_at(run, 1, 2, 4)
    train(run, [seen])
    assert len(seen.steps) == 6
    assert all(torch.isfinite(value).all() for value in weights_of(run).values())
    assert run.step_losses.left_out_in_a_row == 0


def test_too_many_left_out_in_a_row_stop_the_run(make_run):
    run = make_run("skip", "training.not_finite=skip", "training.not_finite_in_a_row=2")
    poison_at(run, *range(1, 6))
    with pytest.raises(NotFiniteError, match="at step 4, and so in 3 steps in a row"):
        train(run)


def test_checkpoint_that_holds_code_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"step": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match=r"cannot be read: .* could run code; restore"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 torn"])
def test_checkpoint_that_is_damaged_is_named(tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"checkpoint\.pt: this checkpoint cannot be read"):
        load_checkpoint(path)


def test_other_number_of_processes_is_refused(make_run):
    run = make_run("two")
    run.save()
    state = torch.load(run.checkpoint_path, weights_only=True)
    torch.save({**state, "processes": 2}, run.checkpoint_path)
    with pytest.raises(InputError, match="started with 2 processes in all, not 1"):
        make_run("two").resume()
