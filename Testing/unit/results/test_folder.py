"""A folder of CTs is segmented one after the other, and nothing of a person's is lost."""

from __future__ import annotations

import csv
import json
import logging
import os

import numpy as np
import pytest
import SimpleITK as sitk

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.measurements.lesions import crop
from LungTumorSegLib.model import load_model
from LungTumorSegLib.results.folder import StopError, segment_folder
from LungTumorSegLib.results.summary import COLUMNS, SUMMARY
from LungTumorSegLib.volume import Volume, read_mask
from LungTumorSegLib.volume.boxes import bounding_box
from LungTumorSegLib.volume.writing import write_mask, write_volume
from LungTumorSegLib.worker import WorkerResult
from support.commands import snapshot
from support.dicom_series import write_ct_series, write_other_files
from support.models import save_constant_model, save_random_model
from support.volumes import ball_mask, chest_volume

BRIGHT_HU = 1500


class BrightIsTumour:
    """Finds what is bright, as the worker gives it: cut to its box; counts what it is asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self, ct, progress):
        self.asked += 1
        progress("network", 1.0)
        mask = ct.with_array((ct.array >= BRIGHT_HU).astype(np.uint8))
        box = bounding_box(mask.array)
        lesions = []
        if box[0].stop:
            voxel = tuple(int(n) for n in np.argwhere(mask.array)[0])
            lesions = [{"voxel_zyx": voxel, "confidence": 0.75, "peak": 0.9}]
        part = crop(mask, box if box[0].stop else (slice(0, 1),) * 3)
        return WorkerResult(
            part, {"network": 1.0, "total": 1.0}, {"device": "cpu"}, (), 1, 1, lesions, {1: "Lung tumor"}, (1,)
        )


@pytest.fixture
def find():
    return BrightIsTumour()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(save_constant_model(tmp_path_factory.mktemp("models") / "tiny"))


def ct(seed: int = 0) -> Volume:
    plain = chest_volume(seed=seed)
    inside = ball_mask(plain.grid).array > 0
    return plain.with_array(np.where(inside, np.int16(BRIGHT_HU), plain.array))


@pytest.fixture
def folder(tmp_path):
    """Files of several formats, a DICOM folder with two series, and what else lies about."""
    folder = tmp_path / "in"
    for number, name in enumerate(("a.nii.gz", "deep/er/b.nrrd", "deep/c.mhd")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / name, ct(number))
    write_ct_series(folder / "scan", ct(3), SeriesNumber=1)
    write_ct_series(folder / "scan" / "more", ct(4), SeriesNumber=2)
    write_other_files(folder / "other")
    (folder / "notes.txt").write_text("nothing to see")
    write_mask(folder / "a.seg.nrrd", ball_mask(ct().grid))
    return folder


def write_image(path, volume: Volume) -> None:
    if path.suffix != ".mhd":
        write_volume(path, volume)
        return
    image = sitk.GetImageFromArray(volume.array)
    image.SetSpacing(volume.grid.spacing)
    image.SetOrigin(volume.grid.origin)
    sitk.WriteImage(image, str(path))


def statuses(rows) -> dict[str, str]:
    return {row["ct"] + (f"#{row['series']}" if row["series"] else ""): row["status"] for row in rows}


def test_every_ct_gets_its_mask_and_report_at_its_place(folder, tmp_path, model, find):
    out = tmp_path / "out"
    stages = []
    rows = segment_folder(folder, out, model, find, progress=lambda *step: stages.append(step))
    expected = ["a.nii.gz", "deep/c.mhd", "deep/er/b.nrrd", "scan#1", "scan#2"]
    assert statuses(rows) == dict.fromkeys(expected, "done")
    names = ["a", "deep/c", "deep/er/b", "scan_series1", "scan_series2"]
    files = {f"{name}_tumor{suffix}" for name in names for suffix in (".seg.nrrd", ".json")}
    assert set(snapshot(out)) == files | {SUMMARY}
    for row, name in zip(rows, names, strict=True):
        mask = read_mask(out / f"{name}_tumor.seg.nrrd")
        assert mask.array.sum() == (ct().array >= BRIGHT_HU).sum()
        assert mask.grid.same_as(ct().grid)
        report = json.loads((out / f"{name}_tumor.json").read_text())
        assert report["total"]["volume_ml"] == pytest.approx(row["volume_ml"])
        assert report["lesions"][0]["confidence"] == 0.75
        assert report["lesions"][0]["mean_hu"] == BRIGHT_HU
        assert report["ct"]["path"] == row["ct"]
        assert report["model"] == model.describe()
        assert report["not_for_clinical_use"] is True
    assert ("1/5 network", 1.0) in stages
    assert stages[-1][0].startswith("5/5")


def test_a_model_of_organs_writes_their_volumes_and_no_lesions(tmp_path):
    lungs = load_model(save_random_model(tmp_path / "lungs", "lungs-2d"))

    def find(ct: Volume, progress) -> WorkerResult:
        mask = ct.with_array((ct.array < -600).astype(np.uint8))
        return WorkerResult(mask, {"network": 1.0}, {"device": "cpu"}, (), 1, 1, [], {1: "Lungs"}, ())

    (tmp_path / "in").mkdir()
    write_volume(tmp_path / "in" / "a.nii.gz", ct())
    out = tmp_path / "out"
    (row,) = segment_folder(tmp_path / "in", out, lungs, find)
    assert set(snapshot(out)) == {"a_segmentation.seg.nrrd", "a_segmentation.json", SUMMARY}
    assert (row["lesions"], row["volume_ml"], row["long_axis_mm"]) == (None, None, None)
    (segment,) = json.loads((out / "a_segmentation.json").read_text())["segments"]
    assert row["segments"] == f"Lungs {segment['volume_ml']:.6g} mL"
    with (out / SUMMARY).open(encoding="utf-8", newline="") as file:
        (written,) = csv.DictReader(file)
    assert (written["lesions"], written["segments"]) == ("", row["segments"])
    assert segment_folder(tmp_path / "in", out, lungs, find)[0]["status"] == "skipped"


def test_what_an_earlier_version_has_left_is_done_anew(folder, tmp_path, model, find):
    out = tmp_path / "out"
    segment_folder(folder, out, model, find)
    report = json.loads((out / "a_tumor.json").read_text())
    del report["segments"]
    (out / "a_tumor.json").write_text(json.dumps(report))
    summary = (out / SUMMARY).read_text().splitlines()
    (out / SUMMARY).write_text(summary[0].replace("segments,", "") + "\n")
    assert [row["status"] for row in segment_folder(folder, out, model, find)] == ["done", *["skipped"] * 4]


def test_the_summary_has_a_row_for_each(folder, tmp_path, model, find):
    rows = segment_folder(folder, tmp_path / "out", model, find)
    with (tmp_path / "out" / SUMMARY).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(COLUMNS)
    assert [row["ct"] for row in table] == [row["ct"] for row in rows]
    assert float(table[0]["volume_ml"]) == pytest.approx(rows[0]["volume_ml"], rel=1e-5)
    assert set(rows[0]) == set(COLUMNS)


def test_a_damaged_one_stops_nobody_and_is_named_by_its_number_only(folder, tmp_path, model, find, caplog):
    whole = (folder / "a.nii.gz").read_bytes()
    (folder / "a.nii.gz").write_bytes(whole[: len(whole) // 2])
    write_image(folder / "Doe_Jane.nrrd", ct().with_array((ct().array + 1024) // 8))
    with caplog.at_level(logging.INFO):
        rows = segment_folder(folder, tmp_path / "out", model, find)
    by_name = {row["ct"]: row for row in rows}
    assert by_name["a.nii.gz"]["status"] == "refused"
    assert "end" in by_name["a.nii.gz"]["reason"]
    assert "Hounsfield" in by_name["Doe_Jane.nrrd"]["reason"]
    assert [row["status"] for row in rows].count("done") == 4
    said = caplog.text
    assert "6 in all, 4 done, 2 refused" in said
    assert "CT 1 was refused" in said
    assert "Doe" not in said
    assert not list((tmp_path / "out").glob("a_tumor*"))


def test_an_error_of_the_program_stops_nobody_either(folder, tmp_path, model, find):
    def fails_once(volume, progress):
        if find.asked == 0:
            find.asked += 1
            raise RuntimeError(f"the process died of {folder / 'a.nii.gz'}")
        return find(volume, progress)

    rows = segment_folder(folder, tmp_path / "out", model, fails_once)
    assert [row["status"] for row in rows] == ["failed", "done", "done", "done", "done"]
    assert rows[0]["reason"] == "the process died of the CT"


def test_what_helps_nobody_stops_all(folder, tmp_path, model, find):
    def lacks_a_package(volume, progress):
        find.asked += 1
        raise StopError

    with pytest.raises(StopError):
        segment_folder(folder, tmp_path / "out", model, lacks_a_package)
    assert find.asked == 1


def test_what_is_done_is_skipped(folder, tmp_path, model, find):
    out = tmp_path / "out"
    first = segment_folder(folder, out, model, find)
    before = snapshot(out)
    again = segment_folder(folder, out, model, find)
    assert find.asked == 5
    assert {row["status"] for row in again} == {"skipped"}
    assert [row["volume_ml"] for row in again] == [row["volume_ml"] for row in first]
    after = snapshot(out)
    assert {name: after[name] for name in after if name != SUMMARY} == {
        name: before[name] for name in before if name != SUMMARY
    }
    segment_folder(folder, out, model, find, overwrite=True)
    assert find.asked == 10


def test_another_ct_or_another_model_is_done_anew(folder, tmp_path, model, find):
    out = tmp_path / "out"
    segment_folder(folder, out, model, find)
    write_image(folder / "a.nii.gz", ct(17))
    write_image(folder / "deep" / "c.mhd", ct(18))  # the header is the same, the voxels are not
    (next((folder / "scan" / "more").iterdir())).touch()  # touched, not changed
    rows = segment_folder(folder, out, model, find)
    assert [row["status"] for row in rows] == ["done", "done", "skipped", "skipped", "skipped"]
    other = load_model(save_constant_model(tmp_path / "models" / "tiny", tumor_logit=3.0))
    rows = segment_folder(folder, out, other, find)
    assert {row["status"] for row in rows} == {"done"}
    assert read_report(out / "a_tumor.json")["model"] == other.describe()


def read_report(path) -> dict:
    return json.loads(path.read_text())


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_others_are_never_overwritten(folder, tmp_path, model, find, overwrite):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a_tumor.seg.nrrd").write_bytes(b"drawn by hand")
    (out / "deep").mkdir()
    (out / "deep" / "c_tumor.json").write_text('{"my": "own"}')
    rows = segment_folder(folder, out, model, find, overwrite=overwrite)
    assert [row["status"] for row in rows] == ["refused", "refused", "done", "done", "done"]
    assert "a mask that no earlier run has written is in the way" in rows[0]["reason"]
    assert "a report that no earlier run has written is in the way" in rows[1]["reason"]
    assert (out / "a_tumor.seg.nrrd").read_bytes() == b"drawn by hand"
    assert (out / "deep" / "c_tumor.json").read_text() == '{"my": "own"}'
    assert not (out / "a_tumor.json").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_mask_that_a_person_has_corrected_stays(folder, tmp_path, model, find, overwrite):
    out = tmp_path / "out"
    segment_folder(folder, out, model, find)
    mask = out / "deep" / "er" / "b_tumor.seg.nrrd"
    corrected = read_mask(mask)
    corrected.array[:5] = 0
    write_mask(mask, corrected)
    content = mask.read_bytes()
    rows = segment_folder(folder, out, model, find, overwrite=overwrite)
    assert statuses(rows)["deep/er/b.nrrd"] == "refused"
    assert "was edited" in rows[2]["reason"]
    assert mask.read_bytes() == content


def test_a_mask_that_was_deleted_is_made_again(folder, tmp_path, model, find):
    out = tmp_path / "out"
    segment_folder(folder, out, model, find)
    (out / "a_tumor.seg.nrrd").unlink()
    (out / "deep" / "c_tumor.json").unlink()
    rows = segment_folder(folder, out, model, find)
    assert [row["status"] for row in rows] == ["done", "refused", "skipped", "skipped", "skipped"]


def test_a_summary_of_others_is_not_overwritten(folder, tmp_path, model, find):
    (tmp_path / SUMMARY).write_text("patient,outcome\n")
    with pytest.raises(InputError, match="is no summary"):
        segment_folder(folder, tmp_path, model, find)
    assert find.asked == 0


def test_cancelling_keeps_what_is_done(folder, tmp_path, model, find):
    def cancel(stage, fraction):
        if stage == "2/5 network":
            raise CancelledError

    out = tmp_path / "out"
    with pytest.raises(CancelledError):
        segment_folder(folder, out, model, find, progress=cancel)
    assert set(snapshot(out)) == {"a_tumor.seg.nrrd", "a_tumor.json", SUMMARY}
    rows = segment_folder(folder, out, model, find)
    assert [row["status"] for row in rows] == ["skipped", "done", "done", "done", "done"]


@pytest.mark.parametrize("where", ["inside", "the same"])
def test_results_among_the_cts_are_no_cts(folder, model, find, where):
    out = folder / "results" if where == "inside" else folder
    first = segment_folder(folder, out, model, find)
    again = segment_folder(folder, out, model, find)
    assert statuses(again) == dict.fromkeys(statuses(first), "skipped")


def test_cts_of_one_name_do_not_share_results(tmp_path, model, find):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(("Case.nii.gz", "case.nrrd", "case.mha")):
        write_image(folder / name, ct(number))
    write_ct_series(folder / "case", ct(5))
    rows = segment_folder(folder, tmp_path / "out", model, find)
    assert {row["status"] for row in rows} == {"done"}
    assert len({row["mask"].casefold() for row in rows}) == 4


def test_a_folder_of_slices_is_a_case_itself(tmp_path, model, find):
    write_ct_series(tmp_path / "Scan 7", ct())
    (row,) = segment_folder(tmp_path / "Scan 7", tmp_path / "out", model, find)
    assert (row["ct"], row["status"]) == (".", "done")
    assert (tmp_path / "out" / "Scan 7_tumor.seg.nrrd").is_file()


def test_links_in_a_circle_end(folder, tmp_path, model, find):
    os.symlink(folder, folder / "deep" / "back")
    assert len(segment_folder(folder, tmp_path / "out", model, find)) == 5


def test_nothing_found_is_an_empty_mask(tmp_path, model, find):
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in" / "healthy.nii.gz", chest_volume())
    (row,) = segment_folder(tmp_path / "in", tmp_path / "out", model, find)
    assert (row["status"], row["lesions"], row["volume_ml"]) == ("done", 0, 0)
    assert not read_mask(tmp_path / "out" / "healthy_tumor.seg.nrrd").array.any()


@pytest.mark.parametrize(("make", "reason"), [(False, "is not a folder"), (True, "holds no CT")])
def test_a_folder_without_cts_is_refused(tmp_path, model, find, make, reason):
    if make:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "readme.txt").write_text("empty")
    with pytest.raises(InputError, match=reason):
        segment_folder(tmp_path / "in", tmp_path / "out", model, find)
