"""Models of organs, and of organs with lesions, through the commands: what they say is right for what they find."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungTumorSegLib.measurements.lesions import find_lesions
from LungTumorSegLib.volume import read_mask, write_mask, write_volume
from support.commands import call, check_refusal, run
from support.models import save_random_model
from support.volumes import chest_volume


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A folder with a small CT, ``ct.nii.gz``, and two models with random weights."""
    folder = tmp_path_factory.mktemp("other")
    write_volume(folder / "ct.nii.gz", chest_volume())
    save_random_model(folder / "pancreas", "pancreas-3d")
    save_random_model(folder / "lungs", "lungs-2d")
    return folder


@pytest.fixture(scope="module")
def pancreas(scan):
    """What `segment` said and wrote of the pancreas and its cancer."""
    outputs = ("--report", scan / "p.json", "--preview", scan / "p.png")
    done = run("segment", scan / "ct.nii.gz", "--model", scan / "pancreas", *outputs, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((scan / "p.json").read_text()), read_mask(scan / "ct_segmentation.seg.nrrd")


def test_the_cancer_is_the_lesion_and_the_pancreas_is_not(scan, pancreas):
    said, report, mask = pancreas
    (cancer,) = find_lesions(mask, [2])
    (lesion,) = report["lesions"]
    assert (lesion["label"], lesion["voxels"]) == (2, cancer.count)
    organ, tumour = report["segments"]
    assert (organ["name"], organ["lesion"], tumour["name"], tumour["lesion"]) == (
        "Pancreas", False, "Pancreatic cancer", True,
    )  # fmt: skip
    assert organ["volume_ml"] == pytest.approx(np.count_nonzero(mask.array == 1) * mask.grid.voxel_ml)
    assert tumour["volume_ml"] == pytest.approx(report["total"]["volume_ml"])
    assert 0.3 < lesion["confidence"] < 0.9
    assert "In total: 1 lesion" in said
    assert "Pancreas " in said
    assert (scan / "p.png").stat().st_size > 10_000


def test_the_confidence_is_that_of_the_lesions_label(scan, pancreas):
    """Half of it, say, where the network hesitates between the organ and its lesion, whatever it says of both."""
    from LungTumorSegLib.model import load_model
    from LungTumorSegLib.prediction import predict

    _, report, mask = pancreas
    prediction = predict(chest_volume(), load_model(scan / "pancreas"), device="cpu")
    inside = prediction.probability()[mask.array == 2]
    assert report["lesions"][0]["confidence"] == pytest.approx(float(inside.mean(dtype=np.float64)), abs=1e-3)
    assert prediction.probability()[mask.array == 1].mean() < 0.5


def test_a_reference_is_compared_label_by_label(scan, pancreas):
    _, _, mask = pancreas
    write_mask(scan / "reference.nii.gz", mask)
    arguments = ("segment", scan / "ct.nii.gz", "--model", scan / "pancreas", "-o", scan / "again.nii.gz")
    done = call(*arguments, "--reference", scan / "reference.nii.gz", "--report", scan / "r.json", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    report = json.loads((scan / "r.json").read_text())
    assert [segment["dice"] for segment in report["segments"]] == [1.0, 1.0]
    assert len(report["reference"]["lesions"]) == 1
    assert "Against the reference (Pancreatic cancer)" in done.stdout
    write_mask(scan / "other.nii.gz", mask.with_array(mask.array * 3))
    check_refusal(
        call(*arguments, "--reference", scan / "other.nii.gz"), "holds the label 3, and the model's are 1, 2"
    )


def test_measure_is_told_which_labels_are_lesions(scan, pancreas):
    _, report, _ = pancreas
    mask = scan / "ct_segmentation.seg.nrrd"
    done = call("measure", mask, "--labels", "2", "--reference", mask, "--report", scan / "m.json")
    assert done.returncode == 0, done.stderr
    measured = json.loads((scan / "m.json").read_text())
    assert measured["total"] == report["total"]
    assert [(one["label"], one["lesion"], one["dice"]) for one in measured["segments"]] == [
        (1, False, 1.0),
        (2, True, 1.0),
    ]
    assert "label 1" in done.stdout
    together = call("measure", mask, "--report", scan / "m.json")
    assert together.returncode == 0, together.stderr
    everything = json.loads((scan / "m.json").read_text())["total"]["volume_ml"]
    assert everything == pytest.approx(sum(segment["volume_ml"] for segment in report["segments"]))
    absent = call("measure", mask, "--labels", "7", "--report", scan / "m.json")
    assert absent.returncode == 0, absent.stderr
    assert json.loads((scan / "m.json").read_text())["notes"] == ["the mask has no label 7: it holds 1, 2"]
    assert "the mask has no label 7" in absent.stderr
    for labels in ("0", "2,2", "two", ""):
        check_refusal(call("measure", mask, f"--labels={labels}"), "--labels")


def test_lungs_are_no_tumour_in_any_word(scan):
    outputs = ("--report", scan / "l.json", "--preview", scan / "l.png")
    done = call("segment", scan / "ct.nii.gz", "--model", scan / "lungs", *outputs, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    report = json.loads((scan / "l.json").read_text())
    assert report["lesions"] == []
    (lungs,) = report["segments"]
    assert lungs["volume_ml"] > 0
    assert (lungs["name"], lungs["lesion"]) == ("Lungs", False)
    assert f"{lungs['volume_ml']:.2f}" in done.stdout
    assert "umour" not in done.stdout
    assert "lesion" not in done.stdout
    assert (scan / "ct_segmentation.seg.nrrd").is_file()
    assert (scan / "l.png").stat().st_size > 10_000
