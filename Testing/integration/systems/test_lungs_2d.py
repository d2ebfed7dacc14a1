"""`lungs-2d` through the public commands: trained on two chests in DICOM until `segment` gives their lungs again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from LungTumorSegLib.volume import read_mask
from support.commands import call, run
from support.lung_data import write_lung_data
from support.small_systems import LUNGS_2D


def learn(folder: Path) -> tuple[Path, dict]:
    """Train; return the folder with the data and the exported model, and the cases' CTs and lungs."""
    cases = write_lung_data(folder / "data")
    data = ("--data", folder / "data", "-o", folder / "run")
    done = run("train", "--recipe", "lungs-2d", *data, *LUNGS_2D.changes())
    assert done.returncode == 0, done.stderr
    done = run("export", folder / "run", "-o", folder / "model")
    assert done.returncode == 0, done.stderr
    return folder, cases


def test_segment_gives_the_trained_lungs_again(learned):
    folder, cases = learned
    for name, (_, lungs) in cases.items():
        output = folder / f"{name}.seg.nrrd"
        done = call("segment", folder / "data" / "Images" / name, "--model", folder / "model", "-o", output)
        assert done.returncode == 0, done.stderr
        found = read_mask(output).array > 0
        overlap = 2 * np.count_nonzero(found & (lungs.array > 0)) / (found.sum() + lungs.array.sum())
        assert overlap >= LUNGS_2D.least_dice == 0.95


def test_evaluate_measures_slices_and_draws_their_histograms(learned):
    folder, _ = learned
    outputs = ("--report", folder / "report.json", "--slices", folder / "slices.png")
    done = call("evaluate", "--model", folder / "model", "--data", folder / "data", *outputs)
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "report.json").read_text())
    summary = report["slice_summary"]
    assert summary["slices"] == len(report["slices"]) == 48
    assert summary["slices_empty"] == sum(row["dice"] is None for row in report["slices"]) > 0
    assert summary["mean_accuracy"] > 0.97
    assert summary["mean_dice"] > 0.85
    assert "empty slices, which have no Dice" in done.stdout
    assert (folder / "slices.png").stat().st_size > 10_000


def test_a_split_is_by_patient_and_not_by_slice(learned, tmp_path):
    folder, _ = learned
    arguments = ("--recipe", "lungs-2d", "--data", folder / "data", "-o", tmp_path / "run")
    done = call("train", *arguments, "--validate", "Case_001", *LUNGS_2D.changes(training__steps=1))
    assert done.returncode == 0, done.stderr
    held = json.loads((tmp_path / "run" / "data.json").read_text())
    assert (held["cases"], held["validation"]) == (["Case_000"], ["Case_001"])
