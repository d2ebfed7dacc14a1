"""metrics.jsonl: every step counted once, however often the run was stopped, and whatever it was stopped at."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.watching.history import History, read_history
from LungTumorSegLib.training.watching.reports import StepReport, ValidationReport
from support.reports import score, validation


def step(number: int, steps: int = 100, loss: float | None = None) -> StepReport:
    return StepReport(number, steps, 1.0 / number if loss is None else loss, 1e-3, 12.5, 60.0)


def run(history: History, first: int, last: int, steps: int = 100, validate_every: int = 10) -> None:
    for number in range(first, last + 1):
        history.stepped(step(number, steps))
        if number % validate_every == 0:
            history.validated(validation(number))
    history.closed()


def test_rows_say_what_was_reported(tmp_path):
    run(History(tmp_path, 100), 1, 10)
    *steps, last = read_history(tmp_path)
    assert [row["kind"] for row in steps] == ["step"] * 10
    assert steps[3] == {
        "kind": "step",
        "step": 4,
        "loss": 0.25,
        "steps": 1,
        "learning_rate": 0.001,
        "patches_per_second": 12.5,
    }
    assert (last["kind"], last["step"]) == ("validation", 10)
    assert last["summary"]["mean_dice"] == pytest.approx(0.6)
    assert [case["case"] for case in last["cases"]] == ["a", "b", "c"]


def test_a_long_run_has_a_row_for_several_steps_with_their_mean(tmp_path):
    history = History(tmp_path, 20_000)
    for number in range(1, 26):
        history.stepped(step(number, 20_000, loss=float(number)))
    history.stepped(step(20_000, 20_000, loss=18.0))
    rows = read_history(tmp_path)
    assert [(row["step"], row["steps"], row["loss"]) for row in rows] == [
        (10, 10, 5.5),
        (20, 10, 15.5),
        (20_000, 6, 22.1667),
    ]


def test_a_resumed_run_counts_no_step_twice(tmp_path):
    run(History(tmp_path / "whole", 40), 1, 40, 40)
    run(History(tmp_path / "cut", 40), 1, 27, 40)
    # Killed after step 27, while its row was written; the checkpoint is of step 20, from before the validation.
    with (tmp_path / "cut" / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "st')
    resumed = History(tmp_path / "cut", 40, first_step=20, validated_step=10)
    assert [row["step"] for row in read_history(tmp_path / "cut") if row["kind"] == "validation"] == [10]
    resumed.validated(validation(20))
    run(resumed, 21, 40, 40)
    assert read_history(tmp_path / "cut") == read_history(tmp_path / "whole")
    text = (tmp_path / "cut" / "metrics.jsonl").read_text()
    assert all(json.loads(line) for line in text.splitlines())


def test_a_last_row_cut_short_is_passed_over_and_a_damaged_one_is_named(tmp_path):
    run(History(tmp_path, 100), 1, 3)
    path = tmp_path / "metrics.jsonl"
    whole = path.read_text()
    path.write_text(whole + '{"kind": "step", "step": 4, "lo')
    assert [row["step"] for row in read_history(tmp_path)] == [1, 2, 3]
    for damage in ('{"kind": \n', "[1]\n", '{"kind": "step"}\n', "\x00\x00\n"):
        path.write_text(whole + damage)
        with pytest.raises(InputError, match="line 4 is damaged"):
            read_history(tmp_path)
    assert read_history(tmp_path / "nowhere") == []


def test_a_loss_that_is_no_number_leaves_readable_json_and_spoils_no_mean(tmp_path):
    history = History(tmp_path, 20_000)
    for number in range(1, 21):
        history.stepped(step(number, 20_000, loss=2.0 if number in (3, 5) else float("nan" if number < 15 else "inf")))
    history.validated(ValidationReport(20, (score("a", None),), {"mean_dice": None}, 1.0))
    first, second, third = read_history(tmp_path)
    assert (first["loss"], second["loss"]) == (2.0, None)
    assert third["cases"][0]["dice"] is None


@pytest.mark.skipif(os.name != "posix", reason="a limit on file sizes is set the POSIX way")
def test_a_disk_that_runs_full_is_said_in_one_line_and_leaves_whole_rows(tmp_path):
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from pathlib import Path
from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.watching.history import History
from LungTumorSegLib.training.watching.reports import StepReport
history = History(Path({str(tmp_path)!r}), 100)
try:
    for number in range(1, 100):
        history.stepped(StepReport(number, 100, 0.5, 1e-3, 1.0, None))
except InputError as error:
    sys.exit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "metrics.jsonl: cannot be written: the file is larger than this place allows" in done.stderr
    rows = (tmp_path / "metrics.jsonl").read_bytes()
    assert rows.endswith(b"}\n")
    assert [row["step"] for row in read_history(tmp_path)] == list(range(1, rows.count(b"\n") + 1))
    assert len(rows) > 800
