"""`evaluate` as a user starts it: what it writes, what it keeps when it is interrupted, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import signal

import pytest

from LungTumorSegLib.measurements.lesions import find_lesions
from LungTumorSegLib.volume import write_mask
from LungTumorSegLib.volume.reading import read_mask
from support.commands import call, events, start

SICK, WELL = ("sick-1", "sick-2", "sick-3"), ("well",)


@pytest.fixture(scope="module")
def data(bench, tmp_path_factory):
    """Three cases with the same tumours and one without any."""
    folder = tmp_path_factory.mktemp("data")
    for name in (*SICK, *WELL):
        (folder / name).mkdir()
        (folder / name / "ct.nii.gz").symlink_to(bench.ct)
        if name in SICK:
            (folder / name / "tumor.nii.gz").symlink_to(bench.reference)
    return folder


def evaluate(bench, data, *options, model=None, **how):
    model = model or bench.everything
    return call("evaluate", "--model", model, "--data", data, "--device", "cpu", *options, **how)


def refused(done, *words: str) -> None:
    """The user's mistake ended in status 2 and one line, after those that say what the data set is."""
    *_, complaint = done.stderr.splitlines()
    assert done.returncode == 2, done.stderr
    assert complaint.startswith("lungtumorseg: error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in complaint


def rows(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_everything_that_can_be_written(bench, data, tmp_path):
    report, table, lesions, picture = (tmp_path / name for name in ("r.json", "r.csv", "l.csv", "p.png"))
    done = evaluate(
        bench, data, "--cases", "sick-2,well", "--report", report, "--table", table, "--lesions", lesions,
        "--picture", picture, "--save-masks", tmp_path / "masks", "--bootstrap", "100", "--seed", "3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    scores = json.loads(report.read_text(encoding="utf-8"))
    assert scores["complete"] is True
    assert [case["case"] for case in scores["cases"]] == ["sick-2", "well"]
    assert scores["cases"][0]["slice_spacing_mm"] == pytest.approx(5.0)
    assert scores["confidence_intervals"]["seed"] == 3
    assert scores["confidence_intervals"]["mean_dice"] is None  # one case with a tumour

    # The model takes all lung for tumour: both lesions are found, each on its side.
    assert [lesion["found"] for lesion in scores["lesions"]] == [True, True]
    middle = find_lesions(bench.phantom.lungs)[0].centroid[0]
    to_the_left = [lesion.centroid[0] > middle for lesion in find_lesions(bench.phantom.mask)]
    assert [lesion["side"] == "left" for lesion in scores["lesions"]] == to_the_left
    assert scores["strata"]["slice_spacing"]["> 3 mm"]["cases"] == 2
    assert scores["strata"]["tumor_size"]["30–50 mm"]["lesions"] >= 1
    assert {one["case"] for one in scores["false_positives"]} == {"well"}

    assert [row["case"] for row in rows(table)] == ["sick-2", "well"]
    assert rows(table)[1]["dice"] == ""  # something was found, but there is nothing to overlap
    assert [row["kind"] for row in rows(lesions)][:2] == ["lesion", "lesion"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    mask = read_mask(tmp_path / "masks" / "sick-2.seg.nrrd")
    predicted = mask.array.astype(bool).sum() * mask.grid.voxel_ml
    assert predicted == pytest.approx(scores["cases"][0]["predicted_ml"])
    assert "Not for clinical use" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.csv", "masks", "p.png", "r.csv", "r.json"]


def interrupted(bench, data, number: int, after: float, *options):
    """Start an evaluation, send it a signal once this share of the cases is scored, and return how it ended."""
    program = start(
        "--json", "evaluate", "--model", bench.everything, "--data", data, "--device", "cpu", *options
    )  # fmt: skip
    for line in program.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["fraction"] >= after:
            break
    program.send_signal(number)
    stdout, stderr = program.communicate(timeout=120)
    return program.returncode, events(stdout), stderr


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_what_was_scored_survives_sigkill_and_ctrl_c(bench, data, tmp_path):
    report, partial = tmp_path / "r.json", tmp_path / "r.partial.json"

    def kept() -> list[str]:
        return [case["case"] for case in json.loads(partial.read_text(encoding="utf-8"))["cases"]]

    status, _, _ = interrupted(bench, data, signal.SIGKILL, 0.25, "--report", report)
    assert status == -signal.SIGKILL
    assert kept()[0] == "sick-1"
    assert not report.exists()

    refused(evaluate(bench, data, "--report", report), "r.partial.json", "--resume")

    status, told, stderr = interrupted(bench, data, signal.SIGINT, 0.5, "--report", report, "--resume")
    assert status == 130
    assert len(stderr.splitlines()) == 1
    (shown,) = [event for event in told if event["event"] == "scores"]
    assert shown["report"]["complete"] is False
    assert [case["case"] for case in shown["report"]["cases"]] == kept()
    assert 2 <= len(kept()) < 4
    assert any("--resume" in event["message"] for event in told if event["event"] == "note")

    going_on = f"going on after {len(kept())} of 4 cases"
    resumed = evaluate(bench, data, "--report", report, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert going_on in resumed.stderr
    assert not partial.exists()
    scores = json.loads(report.read_text(encoding="utf-8"))
    assert [case["case"] for case in scores["cases"]] == [*SICK, *WELL]
    # The same CT, scored by three processes.
    assert len({json.dumps({**case, "case": "", "seconds": 0}) for case in scores["cases"][:3]}) == 1
    assert scores["confidence_intervals"]["mean_dice"] is None  # three cases, but all alike


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cases", "sick-9"], ["no case is named sick-9"]),
        (["--report", "r.txt"], ["r.txt", ".json"]),
        (["--table", "r.json"], [".csv"]),
        (["--picture", "p.jpg"], [".png"]),
        (["--resume"], ["--report"]),
        (["--report", "r.json", "--resume"], ["no interrupted evaluation"]),
        (["--table", "t.csv", "--lesions", "t.csv"], ["another output"]),
        (["--bootstrap", "-1"], ["whole number"]),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_work(bench, data, tmp_path, options, words):
    refused(evaluate(bench, data, *options, cwd=tmp_path), *words)
    assert list(tmp_path.iterdir()) == []


def test_masks_do_not_replace_those_of_the_data_set(bench, tmp_path):
    images, labels = tmp_path / "imagesTr", tmp_path / "labelsTr"
    images.mkdir()
    labels.mkdir()
    (images / "a.nii.gz").symlink_to(bench.ct)
    reference = labels / "a.seg.nrrd"
    write_mask(reference, bench.phantom.mask)
    before = reference.read_bytes()
    listing = {"training": [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.seg.nrrd"}]}
    (tmp_path / "dataset.json").write_text(json.dumps(listing), encoding="utf-8")
    refused(evaluate(bench, tmp_path, "--save-masks", labels), "would replace an input")
    assert reference.read_bytes() == before
