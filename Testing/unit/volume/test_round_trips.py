"""What is written is read again: every voxel, on the same grid, in every format."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from LungTumorSegLib.volume import (
    Grid,
    Volume,
    mask_suffixes,
    read_ct,
    read_mask,
    read_volume,
    write_mask,
    write_volume,
)
from LungTumorSegLib.volume.writing import volume_suffixes
from support.volumes import ball_mask, chest_volume, grids, masks

EXACT = (".nrrd", ".mha", ".seg.nrrd")  # NIfTI keeps geometry in float32


def geometry(grid: Grid) -> list[float]:
    return [*grid.spacing, *grid.origin, *grid.direction.ravel()]


@given(masks(), st.sampled_from(mask_suffixes))
def test_a_mask_comes_back(mask, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"m{suffix}"
        write_mask(path, mask, {1: "a", 2: "b", 3: "c"})
        again = read_mask(path)
    assert np.array_equal(again.array, mask.array)
    assert again.array.dtype == np.uint8
    assert again.grid.same_as(mask.grid)
    if suffix in EXACT:
        np.testing.assert_allclose(geometry(again.grid), geometry(mask.grid), rtol=0, atol=1e-12)


@given(grids(), st.sampled_from(volume_suffixes), st.sampled_from([np.int16, np.float32]))
def test_a_volume_comes_back(grid, suffix, kind):
    array = np.random.default_rng(0).normal(0, 400, grid.shape).astype(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"v{suffix}"
        write_volume(path, Volume(array, grid))
        again = read_volume(path)
    assert np.array_equal(again.array, array)
    assert again.array.dtype == kind
    assert again.grid.same_as(grid)


def test_the_written_grid_is_what_other_libraries_read(tmp_path):
    """nibabel and pynrrd, which share no code with ITK, find the voxels where they should be."""
    angle = np.radians(20)
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, -1]])
    mask = ball_mask(Grid((20, 18, 10), (0.8, 0.9, 2.5), (-30.5, 12.25, 100.0), turned))
    for suffix in (".nii.gz", ".nrrd", ".seg.nrrd"):
        write_mask(tmp_path / f"m{suffix}", mask)
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])

    image = nibabel.load(tmp_path / "m.nii.gz")
    np.testing.assert_allclose(to_ras @ image.affine, mask.grid.affine, atol=1e-5)
    assert np.array_equal(np.asarray(image.dataobj), mask.array.T)

    for name in ("m.nrrd", "m.seg.nrrd"):
        voxels, header = nrrd.read(str(tmp_path / name))
        assert header["space"] == "left-posterior-superior"
        np.testing.assert_allclose(header["space directions"].T, mask.grid.affine[:3, :3], atol=1e-12)
        np.testing.assert_allclose(header["space origin"], mask.grid.origin)
        assert np.array_equal(voxels, mask.array.T)


def test_a_ct_of_whole_numbers_is_int16_and_else_float32(tmp_path, chest):
    for stored, expected in (
        (chest.array.astype(np.int32), np.int16),
        (chest.array.astype(np.float64), np.int16),
        (chest.array + np.float32(0.25), np.float32),
        (chest.array.astype(np.float64) + 0.25, np.float32),
    ):
        write_volume(tmp_path / "ct.nrrd", chest.with_array(stored))
        ct = read_ct(tmp_path / "ct.nrrd")
        assert ct.array.dtype == expected
        assert np.array_equal(ct.array, stored)


def test_a_rescaled_nifti_is_read_in_hounsfield_units(tmp_path, chest):
    image = nibabel.Nifti1Image((chest.array.T + 1024).astype(np.int16), np.diag([-10, -10, 20, 1]))
    image.header.set_slope_inter(1, -1024)
    nibabel.save(image, tmp_path / "ct.nii.gz")
    assert np.array_equal(read_ct(tmp_path / "ct.nii.gz").array, chest.array)


def test_voxels_stay_when_the_image_that_they_came_from_is_gone(tmp_path, chest):
    path = tmp_path / "ct.nii.gz"
    write_volume(path, chest)
    part = read_volume(path).array[3:, ::2]
    others = [read_volume(path).array + 1 for _ in range(5)]  # would take its memory
    assert np.array_equal(part, chest.array[3:, ::2])
    part[:] = 7
    assert np.array_equal(others[0], chest.array + 1)


def test_a_fourth_axis_of_one_is_dropped(tmp_path, chest):
    image = nibabel.Nifti1Image(chest.array.T[..., None], np.diag([-10, -10, 20, 1]))
    nibabel.save(image, tmp_path / "ct.nii.gz")
    four = sitk.JoinSeries([sitk.GetImageFromArray(chest.array)])
    sitk.WriteImage(four, tmp_path / "ct.nrrd")
    sitk.WriteImage(four, tmp_path / "ct.mha")
    for name in ("ct.nii.gz", "ct.nrrd", "ct.mha"):
        assert np.array_equal(read_ct(tmp_path / name).array, chest.array)


def test_headers_beside_their_voxels_are_read(tmp_path, chest):
    image = sitk.GetImageFromArray(chest.array)
    for name, compress in (("a.mhd", False), ("b.mhd", True), ("c.nhdr", False), ("d.nhdr", True)):
        sitk.WriteImage(image, tmp_path / name, useCompression=compress)
        assert np.array_equal(read_ct(tmp_path / name).array, chest.array)


def test_big_endian_and_gzip_members_are_read(tmp_path, chest):
    """The check sum of what ITK delivers differs here, so the file is decompressed again, and found whole."""
    image = nibabel.Nifti1Image(chest.array.T.astype(">i2"), np.eye(4), nibabel.Nifti1Header(endianness=">"))
    nibabel.save(image, tmp_path / "big.nii.gz")
    assert np.array_equal(read_ct(tmp_path / "big.nii.gz").array, chest.array)

    import gzip

    plain = gzip.decompress((tmp_path / "big.nii.gz").read_bytes())
    (tmp_path / "two.nii.gz").write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]))
    assert np.array_equal(read_ct(tmp_path / "two.nii.gz").array, chest.array)


@pytest.mark.parametrize("suffix", mask_suffixes)
def test_masks_of_booleans_and_of_many_labels(tmp_path, suffix):
    grid = Grid((6, 5, 4))
    on = np.zeros(grid.shape, bool)
    on[1:3, 1:3, 1:3] = True
    write_mask(tmp_path / f"m{suffix}", Volume(on, grid))
    assert np.array_equal(read_mask(tmp_path / f"m{suffix}").array, on)

    labels = np.arange(grid.size[0] * 20).reshape(grid.shape) * 5
    if suffix != ".seg.nrrd":  # there labels are counted anew on reading
        write_mask(tmp_path / f"m{suffix}", Volume(labels, grid))
        again = read_mask(tmp_path / f"m{suffix}")
        assert again.array.dtype == np.uint16
        assert np.array_equal(again.array, labels)


@pytest.mark.parametrize("values", [[[[-1, 0], [0, 0]]] * 2, [[[0.5, 0], [0, 0]]] * 2, [[[70000, 0], [0, 0]]] * 2])
def test_what_is_no_mask_is_not_written(tmp_path, values):
    with pytest.raises(ValueError, match="mask holds"):
        write_mask(tmp_path / "m.nrrd", Volume(np.array(values), Grid((2, 2, 2))))
    assert list(tmp_path.iterdir()) == []


def test_the_same_mask_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_mask(tmp_path / f"{name}.nii.gz", ball_mask(chest_volume().grid))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
