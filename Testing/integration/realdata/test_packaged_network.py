"""The packaged network on a real scan: what the card says is what the program does."""

from __future__ import annotations

import json

import pytest

from LungTumorSegLib.model import load_model
from support.commands import run

pytestmark = pytest.mark.realdata
CASE = "lidc-0314"


def test_card_is_reproduced_and_picture_drawn(real_data, tmp_path):
    """Figures may differ in the last digits: processors without bfloat16 compute in float32."""
    folder = real_data / "test" / CASE
    report = tmp_path / "report.json"
    done = run(
        *("segment", folder / "ct.nii.gz", "-o", tmp_path / "tumor.seg.nrrd", "--report", report, "--device", "cpu"),
        *("--preview", tmp_path / "picture.png", "--reference", folder / "tumor.nii.gz"),
        *("--ignore", folder / "ignore.nii.gz"),
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(report.read_text())
    stated = next(c for c in load_model("lung-tumor").metadata["eval_metrics"]["cases"] if c["case"] == CASE)
    assert measured["reference"]["dice"] == pytest.approx(stated["dice"], abs=0.02)
    assert measured["reference"]["false_positives"] == stated["false_positives"]
    assert (tmp_path / "picture.png").stat().st_size > 50_000


def test_card_names_every_test_scan(real_data):
    stated = {case["case"] for case in load_model("lung-tumor").metadata["eval_metrics"]["cases"]}
    assert stated == {folder.name for folder in (real_data / "test").iterdir()}
