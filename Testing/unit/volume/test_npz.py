"""Masks in .npz files: which way up they lie, and what is no mask."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, Volume, read_mask
from LungTumorSegLib.volume.npz import read_npz_mask
from support.volumes import chest_volume


@pytest.fixture
def lungs_and_ct():
    """A chest whose lungs lie off the middle along every axis, and the mask of these lungs."""
    ct = chest_volume(Grid((32, 28, 16), (10.0, 10.0, 20.0)))
    hu = np.pad(ct.array, ((5, 0), (6, 0), (0, 0)), constant_values=40)
    ct = Volume(hu, Grid(hu.shape[::-1], ct.grid.spacing))
    z, y, _ = np.meshgrid(*[np.arange(n) for n in hu.shape], indexing="ij")
    lungs = (hu < -500) & (np.abs(y - 19.5) < 9) & (z > 4)
    return lungs, ct


@pytest.mark.parametrize(("flip", "axes"), [("none", ()), ("slices", (0,)), ("rows", (1,))])
@pytest.mark.parametrize("key", ["Masks", "arr_0"])
def test_the_ct_tells_which_way_up_the_mask_lies(lungs_and_ct, tmp_path, caplog, flip, axes, key):
    lungs, ct = lungs_and_ct
    caplog.set_level("INFO")
    np.savez_compressed(tmp_path / "case.npz", **{key: np.flip(lungs, axes)})
    mask = read_npz_mask(tmp_path / "case.npz", ct)
    assert np.array_equal(mask.array > 0, lungs)
    assert mask.grid is ct.grid
    assert (f"turned over along its {flip}" in caplog.text) == (flip != "none")
    assert np.array_equal(read_npz_mask(tmp_path / "case.npz", ct, flip).array, mask.array)
    assert np.array_equal(read_mask(tmp_path / "case.npz", ct=ct).array, mask.array)


def test_stated_flip_is_not_questioned(lungs_and_ct, tmp_path):
    lungs, ct = lungs_and_ct
    np.savez(tmp_path / "case.npz", Masks=lungs)
    assert np.array_equal(read_npz_mask(tmp_path / "case.npz", ct, "slices").array > 0, lungs[::-1])


def test_what_the_ct_does_not_tell_is_asked(tmp_path):
    noise = np.random.default_rng(0).normal(0, 200, (12, 14, 16)).astype(np.int16)
    mask = np.zeros(noise.shape, bool)
    mask[2:5, 3:6, 4:7] = True
    np.savez(tmp_path / "case.npz", Masks=mask)
    with pytest.raises(InputError, match=r"upside down; say it by --set annotation\.npz_flip"):
        read_npz_mask(tmp_path / "case.npz", Volume(noise, Grid((16, 14, 12))))


def test_empty_mask_needs_no_turning(lungs_and_ct, tmp_path):
    _, ct = lungs_and_ct
    np.savez(tmp_path / "case.npz", Masks=np.zeros(ct.array.shape, bool))
    assert not read_npz_mask(tmp_path / "case.npz", ct).array.any()


def test_other_shape_is_refused_before_it_is_loaded(lungs_and_ct, tmp_path):
    _, ct = lungs_and_ct
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        huge, {"descr": "|u1", "fortran_order": False, "shape": (100_000, 100_000, 1000)}
    )
    with zipfile.ZipFile(tmp_path / "case.npz", "w") as archive:
        archive.writestr("Masks.npy", huge.getvalue())
    with pytest.raises(InputError, match="100000 x 100000 x 1000"):
        read_npz_mask(tmp_path / "case.npz", ct)


def test_pickled_object_is_refused_and_not_run(lungs_and_ct, tmp_path):
    _, ct = lungs_and_ct

    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    array = np.empty(ct.array.shape, dtype=object)
    array[0, 0, 0] = Evil()
    np.savez(tmp_path / "case.npz", Masks=array)
    with pytest.raises(InputError, match="plain array"):
        read_npz_mask(tmp_path / "case.npz", ct)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("value", [0.5, -1.0, np.nan])
def test_values_that_are_no_labels_are_refused(lungs_and_ct, tmp_path, value):
    _, ct = lungs_and_ct
    np.savez(tmp_path / "case.npz", Masks=np.full(ct.array.shape, value))
    with pytest.raises(InputError, match="not whole numbers"):
        read_npz_mask(tmp_path / "case.npz", ct)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_damaged_file_is_refused(lungs_and_ct, tmp_path, content):
    _, ct = lungs_and_ct
    (tmp_path / "case.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"damaged|plain array"):
        read_npz_mask(tmp_path / "case.npz", ct)


def test_several_arrays_of_other_names_are_refused_by_name(lungs_and_ct, tmp_path):
    lungs, ct = lungs_and_ct
    np.savez(tmp_path / "case.npz", left=lungs, right=lungs)
    with pytest.raises(InputError, match="no array named 'Masks', only left, right"):
        read_npz_mask(tmp_path / "case.npz", ct)
