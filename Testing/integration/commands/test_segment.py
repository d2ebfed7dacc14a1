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
from LungTumorSegLib.volume import Grid, Volume, mask_suffixes, read_ct, read_mask, write_volume
from support.commands import events, run, snapshot
from support.dicom_series import write_ct_series


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
    result = run("segment", "thorax.nii.gz", "--model", bench.nothing, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "mask: thorax_tumor.seg.nrrd" in result.stdout
    assert "No tumour found." in result.stdout
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
    out, report = tmp_path / "m.seg.nrrd", tmp_path / "r.json"
    result = run("--json", "segment", tmp_path / "series", "--model", bench.everything, "-o", out, "--report", report)
    assert result.returncode == 0, result.stderr
    mask, expected = read_mask(out), read_mask(done[0] / "mask.seg.nrrd")
    assert mask.grid.same_as(expected.grid)
    assert np.array_equal(mask.array, expected.array)
    told = (result.stdout + result.stderr + report.read_text()).encode() + out.read_bytes()
    for identifying in (b"Doe", b"Jane", b"0815", b"1950"):
        assert identifying not in told


def test_a_volume_smaller_than_the_window(bench, tmp_path):
    """The chest at 4 mm is larger than the network's window of 32 voxels; here the field of view is a corner of it."""
    ct = bench.phantom.ct
    box = (slice(20, 44), slice(34, 66), slice(14, 44))
    part = Volume(ct.array[box], Grid((30, 32, 24), ct.grid.spacing, tuple(ct.grid.to_physical((14, 34, 20)))))
    write_volume(tmp_path / "ct.nrrd", part)
    result = run("segment", tmp_path / "ct.nrrd", "--model", bench.nothing, "--report", tmp_path / "r.json")
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "r.json").read_text())["windows"]["total"] == 1
    assert read_mask(tmp_path / "ct_tumor.seg.nrrd").grid.same_as(part.grid)


@pytest.mark.parametrize("suffix", mask_suffixes)
def test_every_format_of_the_mask(bench, tmp_path, suffix):
    """In this process, for speed: the files differ only in the writer."""
    from LungTumorSegLib.commandline.main import main

    assert main(["segment", str(bench.ct), "-o", str(tmp_path / f"m{suffix}"), "--model", str(bench.everything)]) == 0
    mask = read_mask(tmp_path / f"m{suffix}")
    assert mask.grid.same_as(bench.phantom.ct.grid)
    assert mask.array.any()
    assert [path.name for path in tmp_path.iterdir()] == [f"m{suffix}"]


def test_standard_input_may_be_closed_and_the_reader_may_leave(bench, tmp_path):
    out = tmp_path / "m.seg.nrrd"
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
