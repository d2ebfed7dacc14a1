"""What a run says: lines in a log, events for programs. (The bar is tried in a terminal, with the `train` command.)"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import pytest

from LungTumorSegLib.commandline import training_display
from LungTumorSegLib.commandline.arguments import fold
from LungTumorSegLib.commandline.console import Console
from LungTumorSegLib.commandline.training_display import TrainingDisplay, clock
from LungTumorSegLib.evaluation import summarize
from LungTumorSegLib.training.watching.reports import StepReport, ValidationReport
from support.reports import score, validation
from support.terminal import lines_in_terminal


def show(display: TrainingDisplay, steps: int, loss: float = 0.5, validate_at: int = 3) -> None:
    for number in range(1, steps + 1):
        display.stepped(StepReport(number, steps, loss, 1e-3, 12.34, 3725.0 if number < steps else 0.0))
        if number == validate_at:
            display.validated(validation(number, (Path("run/validation.png"),)))
    display.closed()


def test_a_log_gets_a_line_now_and_then_and_at_the_end(capsys, monkeypatch):
    show(TrainingDisplay(Console()), 5)
    assert capsys.readouterr().err.splitlines() == [
        "step 3: 3 cases validated: mean Dice 0.600 (0.50 to 0.70), 2 of 2 lesions found, "
        "1.0 false positives per scan, 0:00:04",
        "step 5 of 5: loss 0.5000, Dice 0.600, 12.3 patches/s, 0:00:00 left",
    ]
    monkeypatch.setattr(training_display, "SECONDS_BETWEEN_LINES", 0.0)
    show(TrainingDisplay(Console()), 5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert lines[0] == "step 1 of 5: loss 0.5000, 12.3 patches/s, 1:02:05 left"


def test_events_are_steps_and_validations(capsys, monkeypatch):
    monkeypatch.setattr(training_display, "SECONDS_BETWEEN_EVENTS", 0.0)
    show(TrainingDisplay(Console(json=True)), 5)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["event"], event["step"]) for event in events] == [
        ("step", 1),
        ("step", 2),
        ("step", 3),
        ("validation", 3),
        ("step", 4),
        ("step", 5),
    ]
    assert events[0]["seconds_left"] == 3725.0
    assert events[0]["patches_per_second"] == 12.34
    assert events[3]["pictures"] == ["run/validation.png"]
    assert [case["dice"] for case in events[3]["cases"]] == [0.5, 0.7, None]
    assert events[3]["summary"]["mean_dice"] == pytest.approx(0.6)


def test_a_loss_that_is_no_number_is_still_json(capsys):
    show(TrainingDisplay(Console(json=True)), 1, loss=float("nan"))
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line, parse_constant=pytest.fail)["loss"] is None


def test_validations_without_a_tumour_or_without_a_case(capsys):
    display = TrainingDisplay(Console())
    display.validated(ValidationReport(1, (), summarize([]), 1.0))
    well = [score("well", None, false_positives=2)]
    display.validated(ValidationReport(2, tuple(well), summarize(well), 1.0))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "step 1: no case could be validated"
    assert second == "step 2: 1 case validated: 0 of 0 lesions found, 2.0 false positives per scan, 0:00:01"


@pytest.mark.parametrize("columns", [80, 50])
def test_on_a_terminal_the_bar_shows_the_figures_and_makes_room_for_lines(columns):
    code = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from LungTumorSegLib.commandline.console import Console
from LungTumorSegLib.commandline.training_display import TrainingDisplay
from LungTumorSegLib.training.watching.reports import StepReport
from support.reports import validation
console = Console()
display = TrainingDisplay(console)
for number in range(1, 13):
    display.stepped(StepReport(number, 12, 0.5, 1e-3, 12.34, 3725.0))
    if number == 6:
        console.progress("validating", 0.5)
        display.validated(validation(6))
    time.sleep(0.05)
display.closed()
console.note("the end")
"""
    kept = lines_in_terminal([sys.executable, "-c", code], columns)
    assert any(line.startswith("step 6: 3 cases validated: mean Dice 0.600") for line in kept)
    bars = [line for line in kept if re.match(r"step \d+/", line)]
    assert all(re.match(r"step \d+/12 ", bar) for bar in bars)
    assert len(bars) >= 2  # before the validation and after it
    assert all(len(bar) <= columns for bar in bars)
    assert "loss 0.5000  12.3 patches/s" in bars[0]
    assert any(line.startswith("validating") for line in kept)
    if columns == 80:
        assert "loss 0.5000  Dice 0.600  12.3 patches/s  1:02:05 left" in bars[-1]
        assert "━" in bars[-1]
    assert "the end" in kept


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0:00:00"), (59.7, "0:01:00"), (3725, "1:02:05"), (90061, "25:01:01")]
)
def test_durations(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize("text", ["0/5", "6/5", "1/1", "1", "a/b", "1/5/2", "-1/5"])
def test_what_is_no_fold(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not K/N"):
        fold(text)
    assert fold("2/5") == (2, 5)
