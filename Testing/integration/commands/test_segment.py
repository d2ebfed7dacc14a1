"""`segment`: from a CT to mask, report and picture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.volume import read_ct, read_mask
from support.commands import call, check_refusal, events, run, snapshot
from support.dicom_series import write_ct_series
from support.models import RECIPE, save_constant_model


@pytest.fixture(scope="module")
def done(bench, tmp_path_factory):
    """One run with everything that can be written, as machine-readable events."""
    folder = tmp_path_factory.mktemp("segment")
    result = run(
        "--json", "segment", bench.ct, "-o", folder / "mask.seg.nrrd", "--model", bench.everything, "--device", "cpu",
        "--report", folder / "report.json", "--preview", folder / "picture.png", "--reference", bench.reference,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return folder, result


def test_the_mask_is_what_the_model_says_on_the_grid_of_the_ct(done, bench):
    mask = read_mask(done[0] / "mask.seg.nrrd")
    assert mask.grid.same_as(bench.phantom.ct.grid)
    region = find_lungs(read_ct(bench.ct)).region  # all of which this model takes for tumour
    overlap = np.count_nonzero(region & (mask.array > 0)) / np.count_nonzero(region | (mask.array > 0))
    assert overlap > 0.98


def test_the_report_says_what_was_done_and_found(done, bench):
    report = json.loads((done[0] / "report.json").read_text())
    assert report["not_for_clinical_use"] is True
    assert report["ct"] == {"path": str(bench.ct), "size": [96, 96, 60], "spacing": [3.75, 3.75, 5.0]}
    assert report["model"]["name"] == "everything"
    assert report["model"]["version"] == "1.0"
    assert report["device"]["device"] == "cpu"
    stages = ["reading", "loading", "preparing", "network", "resampling", "postprocessing", "measuring", "total"]
    assert list(report["timing"]) == stages
    assert report["timing"]["total"] == pytest.approx(sum(report["timing"][stage] for stage in stages[:-1]), abs=0.01)
    assert report["windows"]["run"] <= report["windows"]["total"]
    assert report["total"]["count"] == len(report["lesions"]) == 1
    mask = read_mask(done[0] / "mask.seg.nrrd")
    assert report["total"]["volume_ml"] == pytest.approx(np.count_nonzero(mask.array) * mask.grid.voxel_ml)
    assert 0 < report["reference"]["dice"] < 1
    assert len(report["reference"]["lesions"]) == 2


def test_the_events_tell_of_every_stage_and_file(done):
    folder, result = done
    told = events(result.stdout)
    assert result.stderr == ""
    stages = [event["stage"] for event in told if event["event"] == "progress"]
    assert list(dict.fromkeys(stages)) == [
        "reading", "loading", "preparing", "network", "resampling", "postprocessing", "measure", "writing",
    ]  # fmt: skip
    written = {event["kind"]: event["path"] for event in told if event["event"] == "written"}
    assert written == {
        "mask": str(folder / "mask.seg.nrrd"),
        "report": str(folder / "report.json"),
        "picture": str(folder / "picture.png"),
    }
    assert set(snapshot(folder)) == {"mask.seg.nrrd", "report.json", "picture.png"}
    assert next(event for event in told if event["event"] == "report")["report"] == json.loads(
        (folder / "report.json").read_text()
    )


def test_the_picture_is_a_picture(done):
    picture = sitk.GetArrayFromImage(sitk.ReadImage(done[0] / "picture.png"))
    assert min(picture.shape[:2]) > 400
    assert picture.std() > 10


def test_without_output_the_mask_lies_beside_the_ct(bench, tmp_path):
    shutil.copy(bench.ct, tmp_path / "thorax.nii.gz")
    result = call("segment", "thorax.nii.gz", "--model", bench.nothing, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "mask: thorax_tumor.seg.nrrd" in result.stdout
    assert "Lung tumor: none found." in result.stdout
    assert "Not for clinical use." in result.stdout
    assert not read_mask(tmp_path / "thorax_tumor.seg.nrrd").array.any()
    assert result.stderr.splitlines() == [
        f"{stage} …"
        for stage in (
            "reading",
            "loading",
            "preparing",
            "network",
            "resampling",
            "postprocessing",
            "measure",
            "writing",
        )
    ]


def test_a_dicom_folder_gives_the_same_mask_and_names_nobody(bench, done, tmp_path):
    write_ct_series(tmp_path / "series", bench.phantom.ct, PatientName="Doe^Jane", PatientID="PID-0815")
    out, report = tmp_path / "m.nii.gz", tmp_path / "r.json"
    result = call("--json", "segment", tmp_path / "series", "--model", bench.everything, "-o", out, "--report", report)
    assert result.returncode == 0, result.stderr
    mask, expected = read_mask(out), read_mask(done[0] / "mask.seg.nrrd")
    assert mask.grid.same_as(expected.grid)
    assert np.array_equal(mask.array, expected.array)
    told = (result.stdout + result.stderr + report.read_text()).encode() + out.read_bytes()
    for identifying in (b"Doe", b"Jane", b"0815", b"1950"):
        assert identifying not in told


def test_a_volume_smaller_than_the_window(bench, tmp_path):
    model = save_constant_model(
        tmp_path / "m", 2.0, recipe=RECIPE.replace("window_size: [32, 32, 32]", "window_size: [128, 128, 128]")
    )
    options = ("-o", tmp_path / "mask.nrrd", "--report", tmp_path / "r.json")
    result = call("segment", bench.ct, "--model", model, *options)
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "r.json").read_text())["windows"] == {"run": 1, "total": 1}
    assert read_mask(tmp_path / "mask.nrrd").grid.same_as(bench.phantom.ct.grid)


def test_standard_input_may_be_closed_and_the_reader_may_leave(bench, tmp_path):
    out = tmp_path / "m.mha"
    command = f"python -m LungTumorSegLib --json segment {bench.ct} -o {out} --model {bench.nothing} <&- | head -n 1"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["event"] == "progress"
    assert result.stderr == ""
    assert out.exists()


def test_options_of_inference_are_set_for_one_run_and_reported(bench, tmp_path):
    result = call(
        "segment", bench.ct, "-o", tmp_path / "mask.nii.gz", "--model", bench.everything, "--device", "cpu",
        "--report", tmp_path / "report.json", "--set", "inference.mirror_axes=[x]", "--set", "inference.tf32=true",
        "--set", "inference.batch_size=3",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["model"]["set"] == ["inference.mirror_axes=[x]", "inference.tf32=true", "inference.batch_size=3"]
    assert report["settings"]["mirror_axes"].startswith("x: the mean over 2 flips")
    assert report["settings"]["tf32"] == "on: no effect on the CPU"
    assert report["settings"]["batch_size"] == "3: asked for"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("network.channels=[8, 16]", "only what comes after training"),
        ("inference.mirror_axes=[w]", "inference.mirror_axes"),
        ("inference.windows=body", "limits the windows already"),
        ("inference.quantization=int8", "no convolution of this network has 8 channels"),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_line(bench, tmp_path, setting, words):
    done = call("segment", bench.ct, "-o", tmp_path / "mask.nii.gz", "--model", bench.everything, "--set", setting)
    check_refusal(done, words)
    assert not (tmp_path / "mask.nii.gz").exists()
