"""A DICOM folder that cannot be one CT volume is refused with the reason, and without naming anybody."""

from __future__ import annotations

import os

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, read_ct
from support.dicom_series import new_file, write_ct_series, write_other_files
from support.volumes import chest_volume


def refusal(folder, **arguments) -> str:
    with pytest.raises(InputError) as raised:
        read_ct(folder, **arguments)
    message = str(raised.value)
    assert "\n" not in message
    assert raised.value.do
    for identifying in ("Doe", "Jane", "0815", "4711", "1950"):
        assert identifying not in message
    return message


def move(shift):
    """Move slice ``k`` by ``shift(k)`` in LPS mm."""

    def edit(k, instance):
        instance.ImagePositionPatient = [
            float(p) + float(s) for p, s in zip(instance.ImagePositionPatient, shift(k), strict=True)
        ]

    return edit


def test_an_empty_folder(tmp_path):
    assert "holds no DICOM file" in refusal(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing here")
    assert "holds no DICOM file" in refusal(tmp_path)


def test_no_ct(tmp_path, chest):
    write_other_files(tmp_path)
    assert "holds no CT slices, only CR (1), RTSTRUCT (1)" in refusal(tmp_path)


def test_mr(tmp_path, chest):
    write_ct_series(tmp_path, chest, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    assert "holds no CT slices, only MR (12)" in refusal(tmp_path)


def test_an_enhanced_ct(tmp_path):
    new_file(tmp_path / "e", "1.2.840.10008.5.1.4.1.1.2.1", Modality="CT").save_as(tmp_path / "e")
    assert "enhanced (multi-frame) CT is not read here: convert" in refusal(tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "PID-4711", "PatientName": "Doe^John"},
        {"PatientID": "PID-4711"},
        {"PatientBirthDate": "19500402"},
        {"PatientName": "Roe^Richard", "PatientBirthDate": ""},
    ],
)
def test_two_patients(tmp_path, chest, other):
    blank = {} if "PatientBirthDate" not in other or other["PatientBirthDate"] else {"PatientBirthDate": ""}
    write_ct_series(tmp_path / "one", chest, **blank)
    write_ct_series(tmp_path / "two", chest, **other)
    assert "holds files of 2 patients" in refusal(tmp_path)


def test_two_patients_of_whom_one_has_no_ct(tmp_path, chest):
    write_ct_series(tmp_path, chest)
    write_other_files(tmp_path, PatientID="PID-4711")
    assert "holds files of 2 patients" in refusal(tmp_path)


def test_one_patient_written_in_two_ways_is_one(tmp_path, chest):
    write_ct_series(tmp_path, chest, PatientBirthDate="")
    write_other_files(tmp_path, PatientName="JANE DOE", PatientBirthDate="")
    assert np.array_equal(read_ct(tmp_path).array, chest.array)


def test_a_series_that_is_not_there(tmp_path, chest):
    write_ct_series(tmp_path, chest)
    for number in (0, 2):
        assert f"has no CT series {number}; choose from 1 to 1" in refusal(tmp_path, series=number)


def test_a_file_that_is_no_ct_slice(tmp_path, chest):
    write_ct_series(tmp_path, chest)
    write_other_files(tmp_path)
    assert "is not a CT slice" in refusal(tmp_path / "IM000000")


def test_one_slice(tmp_path, chest):
    for path in write_ct_series(tmp_path, chest)[1:]:
        path.unlink()
    assert "only one slice" in refusal(tmp_path)


def test_a_missing_slice(tmp_path, chest):
    paths = write_ct_series(tmp_path, chest)
    paths[5].unlink()
    said = refusal(tmp_path)
    assert "1 of the CT series' slices is missing: nothing between -220.00 and -180.00 mm" in said
    assert "where slices are 20 mm apart" in said
    paths[8].unlink()
    assert "2 of the CT series' slices are missing" in refusal(tmp_path)
    assert "at 1 further places" in refusal(tmp_path)


def test_a_missing_slice_of_a_thin_stack(tmp_path):
    thin = chest_volume(Grid((16, 16, 300), (20.0, 20.0, 0.6), (-160.0, -140.0, -300.0)))
    write_ct_series(tmp_path, thin)[150].unlink()
    assert "1 of the CT series' slices is missing" in refusal(tmp_path)


def test_uneven_spacing(tmp_path, chest):
    write_ct_series(tmp_path, chest, edit=move(lambda k: (0, 0, 3.0 if k >= 7 else 0)))
    assert "unevenly spaced: 20 mm apart mostly, 23 mm at -180.00 mm" in refusal(tmp_path)


def test_spacing_that_drifts(tmp_path, chest):
    """Every step differs by 1 % only, but the last slice is far from where a regular stack has it."""
    write_ct_series(tmp_path, chest, edit=move(lambda k: (0, 0, 0.02 * k * k)))
    assert "unevenly spaced" in refusal(tmp_path)


def test_two_phases_in_one_series(tmp_path, chest):
    series = {"SeriesInstanceUID": "1.2.3.4"}
    write_ct_series(tmp_path / "a", chest, **series)
    write_ct_series(tmp_path / "b", chest, **series)
    assert "12 of the CT series' 24 slices lie where another one lies" in refusal(tmp_path)


def test_a_tilted_gantry(tmp_path, chest):
    tilt = np.tan(np.radians(12)) * 20.0
    write_ct_series(tmp_path, chest, edit=move(lambda k: (0, tilt * k, 0)))
    assert "gantry tilted by 12 degrees" in refusal(tmp_path)


def test_a_stack_shifted_sideways(tmp_path, chest):
    write_ct_series(tmp_path, chest, edit=move(lambda k: (4.0 if k >= 6 else 0, 0, 0)))
    assert "shifted against each other, by up to 4 mm" in refusal(tmp_path)


def test_slices_of_two_sizes(tmp_path, chest):
    series = {"SeriesInstanceUID": "1.2.3.4"}
    write_ct_series(tmp_path / "a", chest, **series)
    small = chest_volume(Grid((16, 14, 3), (20, 20, 20), (-160, -140, -60)))
    write_ct_series(tmp_path / "b", small, **series)
    assert "mixes slices of 16 x 14 and 32 x 28 voxels" in refusal(tmp_path)


def test_two_pixel_spacings(tmp_path, chest):
    def edit(k, instance):
        instance.PixelSpacing = [10.0, 10.0] if k < 6 else [9.5, 9.5]

    write_ct_series(tmp_path, chest, edit=edit)
    assert "mixes pixel spacings (9.5 to 10 mm)" in refusal(tmp_path)


@pytest.mark.parametrize("element", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows"])
def test_a_slice_without_geometry(tmp_path, chest, element):
    write_ct_series(tmp_path, chest, edit=lambda k, instance: delattr(instance, element) if k == 4 else None)
    assert "lacks its position, spacing or size" in refusal(tmp_path)


def test_another_series_without_geometry_does_no_harm(tmp_path, chest):
    """Such as pictures of a dose report, filed as CT images."""
    write_ct_series(tmp_path, chest)
    report = chest_volume(Grid((16, 14, 3), (20, 20, 20)))
    write_ct_series(tmp_path / "report", report, edit=lambda k, instance: delattr(instance, "ImagePositionPatient"))
    assert np.array_equal(read_ct(tmp_path).array, chest.array)


def test_a_sheared_orientation(tmp_path, chest):
    write_ct_series(tmp_path, chest, ImageOrientationPatient=[1, 0, 0, 0.1, 0.995, 0])
    assert "not orthonormal" in refusal(tmp_path)


def test_a_truncated_slice(tmp_path, chest):
    paths = write_ct_series(tmp_path, chest)
    paths[3].write_bytes(paths[3].read_bytes()[:-500])
    assert "the voxels cannot be read (Explicit VR Little Endian)" in refusal(tmp_path)


def test_compressed_voxels_that_are_none(tmp_path, chest):
    from pydicom.encaps import encapsulate

    for path in write_ct_series(tmp_path, chest):
        instance = dcmread(path)
        instance.file_meta.TransferSyntaxUID = JPEG2000Lossless
        instance.PixelData = encapsulate([b"\xff\x4f not a code stream" * 20])
        instance["PixelData"].VR = "OB"
        instance["PixelData"].is_undefined_length = True
        instance.save_as(path)
    assert "the voxels cannot be read (JPEG 2000" in refusal(tmp_path)


def test_no_rescale_to_hounsfield_units(tmp_path, chest):
    def forget(k, instance):
        del instance.RescaleSlope
        del instance.RescaleIntercept

    write_ct_series(tmp_path, chest, edit=forget)
    assert "not in Hounsfield units" in refusal(tmp_path)


def test_names_that_are_not_utf8(tmp_path, chest):
    """GDCM is given them by SimpleITK, which would end the process."""
    paths = write_ct_series(tmp_path / "scan", chest)
    try:
        paths[0].rename(paths[0].with_name(os.fsdecode(b"M\xfcller.dcm")))
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert "names are not in UTF-8" in refusal(tmp_path / "scan")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_among_the_slices_is_not_waited_for(tmp_path, chest):
    write_ct_series(tmp_path, chest)
    os.mkfifo(tmp_path / "pipe")
    assert np.array_equal(read_ct(tmp_path).array, chest.array)
