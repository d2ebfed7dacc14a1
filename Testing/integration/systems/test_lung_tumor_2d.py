"""`lung-tumor-2d` through the public commands: trained on two chests until `segment` gives their tumours again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from LungTumorSegLib.volume import read_mask
from support.commands import call, run
from support.small_systems import LUNG_TUMOR_2D


def learn(folder: Path) -> tuple[Path, list[str]]:
    """Train; return the folder with the data and the exported model, and the names of the cases."""
    names = LUNG_TUMOR_2D.write_data(folder / "data")
    settings = ("--data", folder / "data", "-o", folder / "run", *LUNG_TUMOR_2D.changes())
    done = run("train", "--recipe", "lung-tumor-2d", *settings)
    assert done.returncode == 0, done.stderr
    done = run("export", folder / "run", "-o", folder / "model")
    assert done.returncode == 0, done.stderr
    return folder, names


def test_segment_gives_the_trained_tumours_again(learned):
    folder, names = learned
    for name in names:
        output = folder / f"{name}.seg.nrrd"
        ct = folder / "data" / "imagesTr" / f"{name}.nii.gz"
        done = call("segment", ct, "--model", folder / "model", "-o", output)
        assert done.returncode == 0, done.stderr
        found, tumour = (
            read_mask(path).array > 0 for path in (output, folder / "data" / "labelsTr" / f"{name}.nii.gz")
        )
        overlap = 2 * np.count_nonzero(found & tumour) / (found.sum() + tumour.sum())
        assert overlap >= LUNG_TUMOR_2D.least_dice


def test_evaluate_tells_slice_spacing_size_and_place_apart(learned):
    folder, names = learned
    report = folder / "report.json"
    done = call("evaluate", "--model", folder / "model", "--data", folder / "data", "--report", report)
    assert done.returncode == 0, done.stderr
    strata = json.loads(report.read_text())["strata"]
    assert set(strata) == {"slice_spacing", "tumor_size", "side", "third", "depth", "wall"}
    for groups in strata.values():
        assert sum(group["lesions"] for group in groups.values()) == len(names)
        assert sum(group["lesions_found"] for group in groups.values()) == len(names)
    for row in ("slice spacing: > 3 mm", "long axis: 30–50 mm", "side: ", "third of the lungs: ", "chest wall: "):
        assert f"| {row}" in done.stdout


def test_a_rate_that_would_wait_for_validations_in_vain_is_refused_before_the_long_work(learned, tmp_path):
    folder, _ = learned
    changes = LUNG_TUMOR_2D.changes(training__optimizer__plateau="{watch: validation}")
    done = call("train", "--recipe", "lung-tumor-2d", "--data", folder / "data", "-o", tmp_path / "run", *changes)
    assert done.returncode == 2
    assert "training.optimizer.plateau.watch: the learning rate waits for validations" in done.stderr
    assert "preparing" not in done.stderr
