"""A run that is validated, killed and taken up again, as its user sees it."""

from __future__ import annotations

import csv
import json
import os
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from LungTumorSegLib.preview.panel import REFERENCE
from LungTumorSegLib.training.watching.history import read_history
from LungTumorSegLib.volume import Grid, Volume, write_mask, write_volume
from support.commands import PROGRAM, start
from support.models import RECIPE
from support.terminal import lines_in_terminal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are killed, and terminals opened, the POSIX way")

OPTIONS = ["--set", "training.steps=8", "--set", "training.checkpoint_every_steps=2", "--device", "cpu"]
OPTIONS += ["--set", "training.validate_every_steps=4", "--validate", "sick", "--workers", "0"]


@pytest.fixture(scope="module")
def data(bench, tmp_path_factory):
    """A case to validate, one to train on, and a nodule of each one's patient."""
    folder = tmp_path_factory.mktemp("watched")
    for name in ("ill", "sick"):
        (folder / name).mkdir()
        (folder / name / "ct.nii.gz").symlink_to(bench.ct)
        (folder / name / "tumor.nii.gz").symlink_to(bench.reference)
    grid = Grid((5, 5, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    for name in ("one", "other"):
        write_volume(folder / "nodules" / "image" / f"{name}.nii.gz", Volume(np.full(grid.shape, 30, np.int16), grid))
        write_mask(folder / "nodules" / "mask" / f"{name}.nii.gz", Volume(np.ones(grid.shape, np.uint8), grid))
    with (folder / "nodules" / "index.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "patient_id"), ("one", "Hospital-sick"), ("other", "Hospital-ill")])
    return folder


@pytest.fixture(scope="module")
def command(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    return ["train", "--recipe", folder / "tiny.yaml", "--data", data, "-o", folder / "run", *OPTIONS]


@pytest.fixture(scope="module")
def killed(command):
    """The events of a run that is killed after step 6 or soon after."""
    program = start("--json", *command)
    events = []
    for line in program.stdout:
        events.append(json.loads(line))
        folder = command[command.index("-o") + 1]
        if (folder / "metrics.jsonl").exists() and max((row["step"] for row in read_history(folder)), default=0) >= 6:
            break
    program.kill()
    program.communicate(timeout=60)
    return events


@pytest.fixture(scope="module")
def resumed(killed, command):
    """What a terminal showed of the rest of the run."""
    return lines_in_terminal([*PROGRAM, *map(str, command), "--resume"])


@pytest.fixture
def folder(command):
    return command[command.index("-o") + 1]


def test_the_nodules_of_the_validated_patient_are_left_out(killed, resumed, folder):
    setup = json.loads((folder / "data.json").read_text())
    assert (setup["cases"], setup["validation"], setup["nodules"]) == (["ill"], ["sick"], 1)
    notes = [event["message"] for event in killed if event["event"] == "note"]
    assert "1 of 2 nodules are of held-out patients and not used" in notes
    assert any("validated on 1 of 2 cases (as asked): sick" in note for note in notes)


def test_a_terminal_shows_a_bar_and_keeps_the_validations(resumed):
    bars = [line for line in resumed if re.match(r"step [5-8]/8 ", line)]
    assert bars
    assert all(re.search(r"loss \d\.\d{4}", bar) and "patches/s" in bar for bar in bars)
    kept = [line for line in resumed if line.startswith("step 8: 1 case validated: mean Dice ")]
    assert len(kept) == 1


def test_the_history_counts_every_step_and_validation_once(resumed, folder):
    rows = read_history(folder)
    assert [row["step"] for row in rows if row["kind"] == "step"] == list(range(1, 9))
    assert [row["step"] for row in rows if row["kind"] == "validation"] == [4, 8]
    assert all(row["loss"] > 0 and row["learning_rate"] > 0 for row in rows if row["kind"] == "step")
    [case] = rows[-1]["cases"]
    assert (case["case"], case["lesions"]) == ("sick", 2)


def test_pictures_and_events_are_there(resumed, folder):
    curves, cases = (imread(folder / name) for name in ("learning-curve.png", "validation.png"))
    assert min(curves.shape[:2]) > 500
    reference = np.abs(cases[..., :3] - to_rgb(REFERENCE)).max(axis=-1) < 0.02
    assert reference[90:-60].sum() > 50
    seen = EventAccumulator(str(folder / "tensorboard")).Reload()
    assert [event.step for event in seen.Scalars("training/loss")] == list(range(1, 9))
    assert [event.step for event in seen.Scalars("validation/false_positives_per_scan")] == [4, 8]
    assert {"validation", "learning-curve"} <= set(seen.Tags()["images"])


def test_programs_are_told_of_steps_and_validations_by_events(killed):
    kinds = [event["event"] for event in killed]
    assert "step" in kinds or "validation" in kinds
    for event in killed:
        if event["event"] == "validation":
            assert event["step"] == 4
            assert event["cases"][0]["case"] == "sick"
            assert event["pictures"][0].endswith("validation.png")
