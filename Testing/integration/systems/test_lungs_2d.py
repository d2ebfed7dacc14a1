"""`lungs-2d` through the public commands: trained on two chests in DICOM until `segment` gives their lungs again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from LungTumorSegLib.volume import read_mask
from support.commands import check_refusal, run
from support.lung_data import write_lung_data

SMALL = {
    "preparation.spacing_mm": "[5, 5, null]",
    "training.patch_size": "[80, 80, 1]",
    "inference.window_size": "[80, 80, 1]",
    "training.steps": 300,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, dict]:
    """A folder with the data and the exported model, and the cases' CTs and lungs."""
    folder = tmp_path_factory.mktemp("lungs")
    cases = write_lung_data(folder / "data")
    settings = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    data = ("--data", folder / "data", "-o", folder / "run")
    done = run("train", "--recipe", "lungs-2d", *data, *settings)
    assert done.returncode == 0, done.stderr
    done = run("export", folder / "run", "-o", folder / "model")
    assert done.returncode == 0, done.stderr
    return folder, cases


def test_segment_gives_the_trained_lungs_again(trained):
    folder, cases = trained
    for name, (_, lungs) in cases.items():
        output = folder / f"{name}.seg.nrrd"
        done = run("segment", folder / "data" / "Images" / name, "--model", folder / "model", "-o", output)
        assert done.returncode == 0, done.stderr
        found = read_mask(output).array > 0
        overlap = 2 * np.count_nonzero(found & (lungs.array > 0)) / (found.sum() + lungs.array.sum())
        assert overlap >= 0.95


def test_evaluate_measures_slices_and_draws_their_histograms(trained):
    folder, _ = trained
    outputs = ("--report", folder / "report.json", "--slices", folder / "slices.png")
    done = run("evaluate", "--model", folder / "model", "--data", folder / "data", *outputs)
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "report.json").read_text())
    summary = report["slice_summary"]
    assert summary["slices"] == len(report["slices"]) == 48
    assert summary["slices_empty"] == sum(row["dice"] is None for row in report["slices"]) > 0
    assert summary["mean_accuracy"] > 0.97
    assert summary["mean_dice"] > 0.85
    assert "empty slices, which have no Dice" in done.stdout
    assert (folder / "slices.png").stat().st_size > 10_000


def test_a_split_is_by_patient_and_not_by_slice(trained, tmp_path):
    folder, _ = trained
    arguments = ("--recipe", "lungs-2d", "--data", folder / "data", "--set", "training.steps=1")
    settings = [part for key, value in {**SMALL, "training.steps": 1}.items() for part in ("--set", f"{key}={value}")]
    done = run("train", *arguments, "-o", tmp_path / "run", "--validate", "Case_001", *settings)
    assert done.returncode == 0, done.stderr
    held = json.loads((tmp_path / "run" / "data.json").read_text())
    assert (held["cases"], held["validation"]) == (["Case_000"], ["Case_001"])


def test_a_wrong_layout_is_answered_by_path_what_was_expected_and_what_was_found(tmp_path):
    write_lung_data(tmp_path / "data")
    arguments = ("prepare", tmp_path / "data", "--recipe", "lungs-2d", "-o", tmp_path / "cache")
    stray = tmp_path / "data" / "Segmentations" / "Case_7_seg.npz"
    (tmp_path / "data" / "Segmentations" / "Case_001_seg.npz").rename(stray)
    check_refusal(run(*arguments), str(stray), "belongs to no folder in Images", "Case_000, Case_001")
    stray.unlink()
    check_refusal(run(*arguments), "no mask of Case_001", "expected Case_001.npz", "found Case_000_seg.npz")
    np.savez(tmp_path / "data" / "Segmentations" / "Case_001.npz", other=np.zeros(3), masks=np.zeros(3))
    done = run(*arguments)
    assert done.returncode == 2
    assert "Case_001.npz: case Case_001: holds no array named 'Masks', only other, masks" in done.stderr
    (tmp_path / "data" / "Segmentations").rename(tmp_path / "data" / "Masks")
    check_refusal(run(*arguments), "no folder Segmentations", "expected Images/CASE/*.dcm with", "found Images, Masks")


def test_cases_keep_their_own_spacing_only_across_patches_of_one_voxel(trained, tmp_path):
    folder, _ = trained
    settings = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    own = ("--set", "preparation.spacing_mm=[null, 5, null]")
    data = ("--data", folder / "data", "-o", tmp_path / "run")
    done = run("train", "--recipe", "lungs-2d", *data, *settings, *own)
    assert done.returncode == 2
    assert "preparation.spacing_mm: training needs one spacing for all cases" in done.stderr
