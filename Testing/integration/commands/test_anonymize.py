"""`anonymize` on DICOM files full of names, read again afterwards byte by byte and by two readers."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import RLELossless, generate_uid

from LungTumorSegLib.volume import Grid, read_ct
from support.commands import call, check_refusal, run, snapshot, start
from support.dicom_annotations import dataset, write_rtstruct
from support.dicom_series import write_ct_series, write_other_files
from support.volumes import ball_mask, chest_volume

WHO = {"PatientName": "Winterbottom^Philippa", "PatientID": "PID-0815"}
SECRETS = (
    *("Winterbottom", "Philippa", "PID-0815", "19500401", "St. Elsewhere", "House^Gregory", "ACC4711", "19991231"),
    "KEEPOUT",
)


def gossip(k: int, instance: pydicom.Dataset) -> None:
    """Put what identifies the patient wherever scanners and people put it."""
    instance.AccessionNumber = "ACC4711"
    instance.InstitutionName = "St. Elsewhere"
    instance.ReferringPhysicianName = "House^Gregory"
    instance.StudyDate = instance.AcquisitionDate = "19991231"
    instance.PatientBirthTime = "123456"
    instance.OtherPatientIDs = ["KEEPOUT1", "KEEPOUT2"]
    instance.SeriesDescription = "Thorax of Philippa Winterbottom"
    instance.FilterType = "Winterbottom"  # no attribute of the profile
    instance.BurnedInAnnotation = "YES" if k == 0 else "NO"
    instance.RequestAttributesSequence = [dataset(ScheduledProcedureStepDescription="CT Winterbottom")]
    instance.ReferencedImageSequence = [dataset(ReferencedSOPInstanceUID=generate_uid())]
    instance.DerivationCodeSequence = [dataset(CodeMeaning="for Philippa", InstitutionName="St. Elsewhere")]
    block = instance.private_block(0x0029, "KEEPOUT LTD", create=True)
    block.add_new(0x01, "LO", "Winterbottom in private")
    instance.preamble = b"KEEPOUT".ljust(128, b"\0")
    instance.file_meta.SourceApplicationEntityTitle = "KEEPOUT_AE"
    instance.add_new(0x60003000, "OW", b"KEEPOUT!")
    instance.add_new(0xFFFCFFFC, "OB", b"KEEPOUT!")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Path:
    """Two folders of one patient, named after her: a CT with a structure set, and a second CT."""
    folder = tmp_path_factory.mktemp("hospital")
    hers = folder / "Winterbottom"
    files = write_ct_series(hers / "ct", chest_volume(), edit=gossip, name="Philippa{:03d}".format, **WHO)
    square = [(0.0, 0.0, -300.0), (30.0, 0.0, -300.0), (30.0, 30.0, -300.0)]
    write_rtstruct(hers / "rt.dcm", files[0], {"GTV-1": [square]}, **WHO)
    write_other_files(hers, **WHO)
    write_ct_series(folder / "Winterbottom_2", chest_volume(seed=1), edit=gossip, **WHO)
    return folder


@pytest.fixture(scope="module")
def done(hospital, tmp_path_factory):
    """The command's end, its folder and its report."""
    place = tmp_path_factory.mktemp("clean")
    ended = run("anonymize", hospital, "-o", place / "out", "--report", place / "report.json")
    assert ended.returncode == 0, ended.stderr
    return ended, place / "out", json.loads((place / "report.json").read_text())


def test_no_secret_is_left_in_any_byte_or_name(done):
    _, out, report = done
    everything = {**snapshot(out), "report": json.dumps(report).encode()}
    for secret in SECRETS:
        for name, content in everything.items():
            assert secret.lower().encode() not in content.lower(), (secret, name)
            assert secret.lower() not in name.lower()


def test_what_was_written_says_how(done):
    _, out, _ = done
    instance = pydicom.dcmread(next((out / "case_001").rglob("*.dcm")))
    assert instance.PatientIdentityRemoved == "YES"
    assert instance.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert str(instance.PatientName) == instance.PatientID == "patient_001"
    assert not [element for element in instance if element.tag.is_private]


def test_the_second_reader_finds_the_same_ct(done, hospital):
    _, out, _ = done
    for name, seed in (("case_001", 0), ("case_002", 1)):
        reader = sitk.ImageSeriesReader()
        series = reader.GetGDCMSeriesIDs(str(out / name / "series_1"))
        assert len(series) == 1
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(out / name / "series_1"), series[0]))
        image, expected = reader.Execute(), chest_volume(seed=seed)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), expected.array)
        assert image.GetSpacing() == pytest.approx(expected.grid.spacing)
        assert image.GetOrigin() == pytest.approx(expected.grid.origin)


def test_a_structure_set_still_refers_to_its_ct(done):
    _, out, _ = done
    files = [pydicom.dcmread(path) for path in (out / "case_001").rglob("*.dcm")]
    structure = next(instance for instance in files if "ReferencedFrameOfReferenceSequence" in instance)
    ct = next(instance for instance in files if instance.Modality == "CT")
    frame = structure.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == ct.SeriesInstanceUID
    assert frame.FrameOfReferenceUID == ct.FrameOfReferenceUID
    assert ct.file_meta.MediaStorageSOPInstanceUID == ct.SOPInstanceUID
    assert len({instance.SOPInstanceUID for instance in files}) == len(files)


def test_the_report_counts_what_was_found(done):
    ended, out, report = done
    found = {row["keyword"]: row["files"] for row in report["cases"][1]["found"]}
    assert found["PatientBirthTime"] == found["PatientName"] == 12
    assert {row["keyword"] for row in report["cases"][1]["found_beyond_the_profile"]} >= {"FilterType"}
    assert report["cases"][1]["files_with_private_attributes"] == 12
    assert report["cases"][1]["files_with_burned_in_annotation"] == 1
    assert report["cases"][1]["verified"] == {"pydicom": 12, "gdcm": 12}
    assert report["cases"][0]["not_dicom"] == 3
    assert "burned into" in ended.stderr
    assert "readme.txt" in ended.stderr
    assert "PatientBirthTime" in ended.stdout
    with (out / "patients.csv").open(newline="") as stream:
        assert [tuple(row.values()) for row in csv.DictReader(stream)] == [
            ("case_001", "patient_001"),
            ("case_002", "patient_001"),
        ]


def test_a_data_set_keeps_its_layout_and_its_masks(tmp_path):
    ct = chest_volume()
    mask = ball_mask(ct.grid).array
    for name in ("Case_003", "Case_006"):
        write_ct_series(tmp_path / "data" / "Images" / name, ct, PatientID=name, PatientName="Doe^Jane")
        (tmp_path / "data" / "Segmentations").mkdir(exist_ok=True)
        np.savez(tmp_path / "data" / "Segmentations" / f"{name}_seg.npz", Masks=mask[:, ::-1], author="Doe")
    ended = call("anonymize", tmp_path / "data", "-o", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert "Case_003 -> case_001" in ended.stderr
    with np.load(tmp_path / "out" / "Segmentations" / "case_002.npz") as archive:
        assert archive.files == ["Masks"]
        np.testing.assert_array_equal(archive["Masks"], mask[:, ::-1])
    np.testing.assert_array_equal(read_ct(tmp_path / "out" / "Images" / "case_002").array, ct.array)


def test_refusals_write_nothing(tmp_path):
    folder = tmp_path / "dicom"
    write_ct_series(folder / "a", chest_volume())
    before = snapshot(tmp_path)
    check_refusal(call("anonymize", folder, "-o", folder / "out"), "lies in the folder")
    check_refusal(call("anonymize", folder, "-o", tmp_path), "lies in the folder")
    check_refusal(call("anonymize", tmp_path / "no", "-o", tmp_path / "out"), "no such folder")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a").symlink_to(folder / "a")
    check_refusal(call("anonymize", tmp_path / "links", "-o", folder / "a" / "out"), "lies in the folder")
    (tmp_path / "links" / "a").unlink()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    check_refusal(call("anonymize", folder, "-o", tmp_path / "full"), "is there already and not empty")
    (tmp_path / "empty").mkdir()
    check_refusal(call("anonymize", tmp_path / "empty", "-o", tmp_path / "out"), "holds no CT")
    assert snapshot(tmp_path) == {**before, os.path.join("full", "file"): b"mine"}
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_stops_the_work_or_is_left_out_by_name(tmp_path):
    paths = write_ct_series(tmp_path / "dicom" / "a", chest_volume())
    paths[3].write_bytes(paths[3].read_bytes()[:900])
    check_refusal(call("anonymize", tmp_path / "dicom", "-o", tmp_path / "out"), "damaged", "CT0003.dcm")
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["dicom"]
    ended = call("anonymize", tmp_path / "dicom", "-o", tmp_path / "out", "--skip-bad")
    assert ended.returncode == 0
    assert "CT0003.dcm" in ended.stderr
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 11


def test_two_patients_in_one_folder_are_refused(tmp_path):
    write_ct_series(tmp_path / "dicom" / "a" / "1", chest_volume())
    write_ct_series(tmp_path / "dicom" / "a" / "2", chest_volume(), PatientID="OTHER-1")
    check_refusal(call("anonymize", tmp_path / "dicom", "-o", tmp_path / "out"), "several patients")


def test_compressed_voxels_stay_as_they_are_and_odd_names_do_not_matter(tmp_path):
    def odd(k: int, instance: pydicom.Dataset) -> None:
        if k % 2:
            instance.PatientName = "JANE DOE"
        if k == 0:
            del instance.PatientBirthDate
        instance.compress(RLELossless)

    ct = chest_volume()
    write_ct_series(tmp_path / "dicom" / "a", ct, edit=odd, name="{:02d}".format)
    ended = call("anonymize", tmp_path / "dicom", "-o", tmp_path / "out", "--report", tmp_path / "report.json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads((tmp_path / "report.json").read_text())["cases"][0]["verified"] == {"pydicom": 12, "gdcm": 12}
    clean = next((tmp_path / "out").rglob("*.dcm"))
    assert pydicom.dcmread(clean).file_meta.TransferSyntaxUID == RLELossless
    np.testing.assert_array_equal(read_ct(tmp_path / "out" / "case_001").array, ct.array)


def test_an_interruption_leaves_nothing_behind(tmp_path):
    write_ct_series(tmp_path / "dicom" / "a", chest_volume(Grid((16, 16, 200), (10, 10, 1), (0, 0, 0))))
    process = start("anonymize", tmp_path / "dicom", "-o", tmp_path / "out")
    process.stderr.readline()  # the work begins
    process.terminate()
    assert process.wait(60) == 143
    process.communicate()
    assert [path.name for path in tmp_path.iterdir()] == ["dicom"]


def test_the_same_patient_is_told_from_others_across_cases(tmp_path):
    for name, tags in {
        "a": {"PatientID": "1", "PatientName": "Doe^Jane"},
        "b": {"PatientID": "2", "PatientName": "Doe^Jane"},
        "c": {"PatientID": "1", "PatientName": "DOE^JANE"},
        "d": {"PatientID": "", "PatientName": "", "PatientBirthDate": ""},
    }.items():
        write_ct_series(tmp_path / "dicom" / name, chest_volume(), **tags)
    assert call("anonymize", tmp_path / "dicom", "-o", tmp_path / "out").returncode == 0
    rows = (tmp_path / "out" / "patients.csv").read_text().split()
    assert [row.split(",")[1] for row in rows[1:]] == ["patient_001", "patient_002", "patient_001", "patient_003"]
