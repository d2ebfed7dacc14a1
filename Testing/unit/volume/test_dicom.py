"""A CT series is found among whatever else a folder holds, and stacked by position."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless, generate_uid

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, read_ct, write_volume
from support.dicom_series import write_ct_series, write_other_files
from support.volumes import chest_volume

COS, SIN = np.cos(np.radians(15)), np.sin(np.radians(15))
OBLIQUE = Grid((32, 28, 9), (10.0, 9.0, 20.0), (-160.0, -140.0, 30.5), [[COS, 0, SIN], [0, 1, 0], [-SIN, 0, COS]])


def assert_same(found, expected):
    assert np.array_equal(found.array, expected.array)
    np.testing.assert_allclose(found.grid.affine, expected.grid.affine, atol=1e-6)


@pytest.mark.parametrize("grid", [None, OBLIQUE], ids=["axial", "oblique"])
def test_slices_are_sorted_by_position_not_by_name_or_number(tmp_path, grid):
    volume = chest_volume(grid)
    order = np.random.default_rng(0).permutation(len(volume.array))

    def renumber(k, instance):
        instance.InstanceNumber = int(order[k])

    write_ct_series(tmp_path, volume, name=lambda k: f"{order[k]:03d}", edit=renumber)
    assert_same(read_ct(tmp_path), volume)


def test_slices_that_run_downwards(tmp_path, chest):
    """Slices are stacked along the normal, row x column, whichever way they were taken."""
    grid = chest.grid
    flipped = Grid(
        grid.size, grid.spacing, tuple(grid.to_physical((0, 0, grid.size[2] - 1))), grid.direction * [1, 1, -1]
    )
    write_ct_series(tmp_path, chest_volume(flipped).with_array(chest.array[::-1]))
    assert_same(read_ct(tmp_path), chest)


def test_a_folder_as_a_hospital_sends_it(tmp_path, chest, caplog):
    write_ct_series(tmp_path / "A" / "B", chest, name=lambda k: f"IM{1000 - k}")
    write_other_files(tmp_path)
    scout = chest_volume(Grid((32, 28, 14), (10, 10, 20), (0, 0, 0)), seed=1)
    write_ct_series(tmp_path / "scout", scout, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    short = chest_volume(Grid((32, 28, 5), (10, 10, 18), (-160, -140, -300)), seed=2)
    write_ct_series(tmp_path / "A", short, SeriesNumber=7, SeriesDescription="Doe Jane lung")
    coronal = Grid((32, 28, 20), (10, 10, 10), (0, 0, 0), [[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    write_ct_series(tmp_path / "coronal", chest_volume(coronal, seed=3))

    with caplog.at_level(logging.INFO):
        assert_same(read_ct(tmp_path), chest)
        assert_same(read_ct(tmp_path, series=2), short)
    assert "series 1 of 3 (taken): 12 slices" in caplog.text
    assert "series 2 of 3: 5 slices" in caplog.text
    for identifying in ("Doe", "Jane", "0815", "1950"):
        assert identifying not in caplog.text


def test_one_file_stands_for_its_series(tmp_path, chest):
    write_ct_series(tmp_path, chest)
    short = chest_volume(Grid((32, 28, 5), (10, 10, 18), (-160, -140, -300)), seed=2)
    paths = write_ct_series(tmp_path, short, name=lambda k: f"short{k}")
    assert_same(read_ct(paths[3]), short)


def test_a_series_is_chosen_from_a_folder_only(tmp_path, chest):
    slices = write_ct_series(tmp_path / "series", chest)
    write_volume(tmp_path / "ct.nrrd", chest)
    for path in (slices[3], tmp_path / "ct.nrrd"):
        with pytest.raises(InputError, match=r"is a file, .* leave the series away") as raised:
            read_ct(path, series=1)
        assert str(raised.value).startswith(str(path))


def test_every_slice_is_rescaled_by_its_own_slope(tmp_path, chest):
    write_ct_series(tmp_path, chest, rescale=lambda k: (1.0, -1024.0 - 10 * k))
    assert_same(read_ct(tmp_path), chest)


def test_a_slope_with_decimals(tmp_path, chest):
    write_ct_series(tmp_path, chest, rescale=lambda k: (0.5 + 0.125 * (k % 2), -1030.5))
    found = read_ct(tmp_path)
    assert found.array.dtype == np.float32
    assert np.abs(found.array - chest.array).max() <= 0.3125  # half a step of the coarser slope


def test_signed_voxels(tmp_path, chest):
    def sign(k, instance):
        instance.PixelRepresentation = 1
        instance.PixelData = chest.array[k].astype("<i2").tobytes()

    write_ct_series(tmp_path, chest, rescale=lambda k: (1.0, 0.0), edit=sign)
    # The writer stores unsigned voxels first; negative HU do not fit there, and `sign` puts them right.
    assert_same(read_ct(tmp_path), chest)


def test_compressed_slices(tmp_path, chest):
    for path in write_ct_series(tmp_path, chest):
        instance = dcmread(path)
        instance.compress(RLELossless, generate_instance_uid=False)
        instance.save_as(path)
    assert_same(read_ct(tmp_path), chest)


def test_copies_of_a_file_count_once(tmp_path, chest):
    paths = write_ct_series(tmp_path / "one", chest)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.copy(paths[3], tmp_path / "again")
    assert_same(read_ct(tmp_path), chest)


def test_files_without_preamble(tmp_path, chest):
    """As older systems write them: no "DICM", and no group 2."""
    for path in write_ct_series(tmp_path, chest):
        raw = path.read_bytes()
        instance = dcmread(path)
        del instance.file_meta
        instance.preamble = None
        instance.save_as(path, implicit_vr=True, little_endian=True)
        assert path.read_bytes()[128:132] != b"DICM"
        assert path.read_bytes() != raw
    assert_same(read_ct(tmp_path), chest)


def test_positions_rounded_to_a_tenth(tmp_path, chest):
    def rounded(k, instance):
        instance.ImagePositionPatient = [round(float(p), 1) for p in instance.ImagePositionPatient]

    fine = chest_volume(Grid((32, 28, 12), (10.0, 10.0, 0.7), (-160.03, -140.07, -300.03)))
    write_ct_series(tmp_path, fine, edit=rounded)
    found = read_ct(tmp_path)
    assert np.array_equal(found.array, fine.array)
    assert found.grid.spacing[2] == pytest.approx(0.7, abs=0.01)


def test_frames_of_reference_are_kept_apart(tmp_path, chest):
    series = generate_uid()
    write_ct_series(tmp_path, chest, SeriesInstanceUID=series)
    other = chest_volume(Grid((32, 28, 4), (10, 10, 20), (-160, -140, -300)), seed=5)
    uids = {"SeriesInstanceUID": series, "FrameOfReferenceUID": generate_uid()}
    write_ct_series(tmp_path, other, name=lambda k: f"other{k}", **uids)
    assert_same(read_ct(tmp_path), chest)
