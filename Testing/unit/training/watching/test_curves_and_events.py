"""What a run leaves to look at: the learning curve, and TensorBoard's events."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.watching import drawing
from LungTumorSegLib.training.watching.curves import BLUE, INK, NAME, ORANGE, RED, draw_curves, smoothed
from LungTumorSegLib.training.watching.drawing import draw_or_say
from LungTumorSegLib.training.watching.history import History, read_history
from LungTumorSegLib.training.watching.observers import observers_for
from LungTumorSegLib.training.watching.reports import StepReport
from support.reports import validation

STEPS = 120


def report(number: int) -> StepReport:
    return StepReport(number, STEPS, 2.0 - number / STEPS, 1e-3 * (1 - number / STEPS), 20.0, 5.0)


def run(observers, first: int, last: int, validate_at: tuple[int, ...] = ()) -> None:
    for number in range(first, last + 1):
        for observer in observers:
            observer.stepped(report(number))
        if number in validate_at:
            for observer in observers:
                observer.validated(validation(number))
    for observer in observers:
        observer.closed()


def rows(tmp_path, validate_at: tuple[int, ...]) -> list[dict]:
    run([History(tmp_path, STEPS)], 1, 100, validate_at)
    return read_history(tmp_path)


def where(pixels: np.ndarray, color) -> np.ndarray:
    """Rows and columns of a colour's pixels, as shares of the picture."""
    places = np.argwhere(np.abs(pixels[..., :3] - to_rgb(color)).max(axis=-1) < 0.02)
    return places / pixels.shape[:2]


def test_the_loss_falls_in_the_picture_and_the_panels_are_filled(tmp_path):
    draw_curves(rows(tmp_path, (50, 100)), STEPS, tmp_path / NAME)
    pixels = imread(tmp_path / NAME)
    loss = where(pixels, BLUE)
    loss = loss[(loss[:, 0] > 0.2) & (loss[:, 1] < 0.5)]  # below the legend
    early, late = loss[loss[:, 1] < 0.15], loss[loss[:, 1] > 0.4]
    assert early[:, 0].mean() < late[:, 0].mean() - 0.1
    dice = where(pixels, INK)
    assert (dice[:, 1] > 0.55).sum() > 50
    assert len(where(pixels, ORANGE)) > 50
    assert len(where(pixels, RED)) > 50


def test_a_run_without_validation_says_so_in_place_of_the_curve(tmp_path):
    with_validation = tmp_path / "with"
    with_validation.mkdir()
    draw_curves(rows(with_validation, (50, 100)), STEPS, with_validation / NAME)
    draw_curves(rows(tmp_path, ()), STEPS, tmp_path / NAME)
    in_dice_panel = [
        int(((place[:, 0] > 0.12) & (place[:, 0] < 0.5) & (place[:, 1] > 0.55)).sum())
        for place in (where(imread(folder / NAME), INK) for folder in (with_validation, tmp_path))
    ]
    assert in_dice_panel[0] > 50
    assert in_dice_panel[1] == 0


@pytest.mark.parametrize("count", [1, 2, 5, 400])
def test_smoothing_keeps_a_constant_and_passes_over_gaps(count):
    values = np.full(count, 3.0)
    assert np.allclose(smoothed(values), 3.0)
    values[:: max(count // 2, 1)] = np.nan
    result = smoothed(values)
    assert len(result) == count
    assert np.allclose(result[np.isfinite(result)], 3.0)


def test_smoothing_does_not_lag():
    line = np.linspace(0, 1, 200)
    assert np.allclose(smoothed(line)[20:-20], line[20:-20])


def events(folder) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0}).Reload()


def test_events_hold_the_figures_and_the_pictures(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    observers = observers_for(tmp_path, STEPS)
    assert caplog.messages == [
        f"to look at in {tmp_path}: metrics.jsonl, learning-curve.png, TensorBoard events (tensorboard/)"
    ]
    run(observers, 1, STEPS, (60, STEPS))
    seen = events(tmp_path / "tensorboard")
    loss = seen.Scalars("training/loss")
    assert [event.step for event in loss] == list(range(1, STEPS + 1))
    assert loss[6].value == pytest.approx(report(7).loss)
    assert seen.Scalars("training/learning_rate")[19].value == pytest.approx(report(20).learning_rate)
    assert [(event.step, round(event.value, 3)) for event in seen.Scalars("validation/mean_dice")] == [
        (60, 0.6),
        (STEPS, 0.6),
    ]
    assert seen.Scalars("validation_dice/b")[0].value == pytest.approx(0.7)
    assert "validation_dice/c" not in seen.Tags()["scalars"]  # it has no tumour
    pictures = seen.Images("learning-curve")
    assert [picture.step for picture in pictures] == [60, STEPS]
    assert pictures[0].width == imread(tmp_path / NAME).shape[1]


def test_a_resumed_run_hides_the_events_that_it_does_again(tmp_path):
    run(observers_for(tmp_path, STEPS), 1, 70, (60,))
    run(observers_for(tmp_path, STEPS, first_step=40, validated_step=0), 41, STEPS, (60,))
    seen = events(tmp_path / "tensorboard")
    assert [event.step for event in seen.Scalars("training/loss")] == list(range(1, STEPS + 1))
    assert [event.step for event in seen.Scalars("validation/mean_dice")] == [60]


def test_a_picture_that_cannot_be_drawn_is_said_and_costs_no_run(tmp_path, caplog):
    broken = {"kind": "step", "step": 1, "loss": "none"}
    path = tmp_path / NAME
    assert draw_or_say(path, lambda: draw_curves([broken], STEPS, path)) == ()
    assert "learning-curve.png was not drawn: " in caplog.text
    assert not list(tmp_path.iterdir())
    blocked = tmp_path / "file" / NAME
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a part of the path is a file"):
        draw_or_say(blocked, lambda: draw_curves(rows(tmp_path, ()), STEPS, blocked))


def test_a_damaged_history_and_events_that_cannot_be_written_cost_no_run(tmp_path, caplog):
    (tmp_path / "tensorboard").touch()
    observers = observers_for(tmp_path, STEPS)
    assert "no TensorBoard events are written (any more): " in caplog.text
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    run(observers, 1, 3, (2,))
    assert "learning-curve.png was not drawn: " in caplog.text
    assert (tmp_path / "metrics.jsonl").read_text().count("\n") == 5


@pytest.mark.skipif(os.name != "posix", reason="a limit on file sizes is set the POSIX way")
def test_a_disk_that_runs_full_ends_the_events_and_not_the_run(tmp_path):
    code = f"""
import logging, resource, sys, time
from pathlib import Path
from LungTumorSegLib.training.watching.tensorboard_events import TensorBoardEvents
from LungTumorSegLib.training.watching.reports import StepReport
logging.basicConfig(format="%(message)s", stream=sys.stdout)
events = TensorBoardEvents(Path({str(tmp_path)!r}), 1000)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for number in range(1, 1001):
    events.stepped(StepReport(number, 1000, 0.5, 1e-3, 1.0, None))
events.closed()
print("the run goes on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "File too large" in done.stdout
    assert done.stdout.endswith("the run goes on\n")


def test_what_is_not_installed_is_said_once(tmp_path):
    code = f"""
import logging, sys
sys.modules["matplotlib"] = sys.modules["tensorboard"] = None  # how Python marks a package that cannot be imported
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from LungTumorSegLib.training.watching.drawing import can_draw
from LungTumorSegLib.training.watching.observers import observers_for
print([type(one).__name__ for one in observers_for({str(tmp_path)!r}, 10)], can_draw())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "no pictures are drawn: Matplotlib is not installed (pip install matplotlib)",
        "no TensorBoard events are written: TensorBoard is not installed (pip install tensorboard)",
        f"to look at in {tmp_path}: metrics.jsonl",
        "['History'] False",
    ]
    assert drawing.can_draw()  # here it is
