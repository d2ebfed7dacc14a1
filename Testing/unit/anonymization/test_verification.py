"""The check of what was written: it passes what is clean, and stops at everything that is not."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from LungTumorSegLib.anonymization.identity import identifying_words
from LungTumorSegLib.anonymization.instance import deidentify, examine, read_instance
from LungTumorSegLib.anonymization.profile import Profile
from LungTumorSegLib.anonymization.verification import verify
from LungTumorSegLib.errors import InputError
from support.dicom_series import write_ct_series
from support.volumes import chest_volume


@pytest.fixture
def clean(tmp_path):
    """A CT slice, the same without its patient, the profile and the patient's words."""
    original = write_ct_series(tmp_path / "ct", chest_volume(), StudyDescription="Thorax", StudyDate="20200101")[0]
    profile, dataset = Profile(), read_instance(original)
    words = identifying_words(dataset)
    deidentify(dataset, profile, words, "patient_001")
    dataset.save_as(tmp_path / "clean.dcm", enforce_file_format=True)
    return original, tmp_path / "clean.dcm", profile, words


def edited(path: Path, **elements) -> Path:
    dataset = pydicom.dcmread(path)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_what_is_clean_passes(clean):
    original, written, profile, words = clean
    assert verify(original, written, profile, words, "patient_001")
    assert words == {"doe", "jane", "pid", "0815", "19500401"}


@pytest.mark.parametrize(
    ("elements", "complaint"),
    [
        ({"StudyDescription": "Thorax"}, r"\(0008,1030\) StudyDescription was not removed"),
        ({"StudyDate": "20200101"}, "StudyDate was not replaced"),
        ({"PatientName": "Doe^Jane"}, "PatientName was not replaced"),
        ({"FilterType": "of Doe"}, "FilterType still holds a word"),
        ({"ImagePositionPatient": [0, 0, 0]}, "finds another origin"),
        ({"PixelSpacing": [1, 1]}, "finds another spacing"),
        ({"RescaleIntercept": 0}, "finds other voxels"),
        ({"PixelData": bytes(32 * 28 * 2)}, "the voxels were changed"),
    ],
)
def test_what_is_left_or_changed_is_named(clean, elements, complaint):
    original, written, profile, words = clean
    with pytest.raises(InputError, match=complaint) as caught:
        verify(original, edited(written, **elements), profile, words, "patient_001")
    assert "Doe" not in str(caught.value)


def test_uids_and_private_attributes_are_named_at_any_depth(clean):
    original, written, profile, words = clean
    uid = pydicom.dcmread(original).SeriesInstanceUID
    inner = pydicom.Dataset()
    inner.SeriesInstanceUID = uid
    with pytest.raises(InputError, match="SeriesInstanceUID was not replaced"):
        verify(original, edited(written, SourceImageSequence=[inner]), profile, words, "patient_001")
    inner = pydicom.Dataset()
    inner.private_block(0x0011, "SOMEBODY", create=True).add_new(1, "LO", "x")
    with pytest.raises(InputError, match=r"\(0011,0010\).*was not removed"):
        verify(original, edited(written, SourceImageSequence=[inner]), profile, words, "patient_001")


def test_uids_are_the_same_wherever_they_were_the_same_and_tell_nothing(clean):
    original, _, profile, _ = clean
    uid = str(pydicom.dcmread(original).SeriesInstanceUID)
    assert profile.new_uid(uid) == profile.new_uid(uid) != Profile().new_uid(uid)


def test_findings_count_attributes_and_hold_no_value(clean):
    original, _, profile, words = clean
    findings = examine(read_instance(original), profile, words)
    keywords = {keyword for _, keyword in findings.listed}
    assert {"PatientName", "PatientID", "PatientBirthDate", "StudyDescription", "SOPInstanceUID"} <= keywords
    assert "Rows" not in keywords
    assert "Doe" not in repr(findings)
