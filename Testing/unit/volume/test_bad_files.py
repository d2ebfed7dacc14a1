"""Every file that cannot be used is refused in one line that says what, where and what to do."""

from __future__ import annotations

import gzip
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import mask_suffixes, read_ct, read_mask, write_mask, write_volume
from support.dicom_series import write_ct_series

AFFINE = np.diag([-0.7, -0.8, 2.5, 1.0])


def refusal(path, read=read_ct) -> str:
    with pytest.raises(InputError) as raised:
        read(path)
    message = str(raised.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert raised.value.do
    return message


def save_nifti(path, array_xyz, affine=AFFINE, edit=lambda header: None):
    """Write with nibabel, then change header fields in place, which nibabel itself would set right."""
    image = nibabel.Nifti1Image(array_xyz, affine)
    image.set_qform(affine if np.linalg.det(affine) else None, 1)
    raw = bytearray(image.to_bytes())
    edit(raw)
    path.write_bytes(gzip.compress(bytes(raw)))
    return path


def put(offset, *numbers):
    return lambda raw: struct.pack_into(f"<{len(numbers)}f", raw, offset, *numbers)


def test_nothing_there(tmp_path):
    for read in (read_ct, read_mask):
        assert "no such file or folder" in refusal(tmp_path / "ct.nii.gz", read)


def test_neither_file_nor_folder(tmp_path):
    assert "neither a file nor a folder" in refusal(Path("/dev/null"))
    assert "cannot be opened (File name too long)" in refusal(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nii", "ct.nrrd", "ct.mha", "ct.mhd", "ct.txt", "ct"])
@pytest.mark.parametrize(
    "content", [b"", b"hello" * 500, gzip.compress(b"hello" * 500)], ids=["empty", "text", "gzip"]
)
def test_not_an_image(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    for read in (read_ct, read_mask):
        refusal(tmp_path / name, read)


def test_a_picture_is_refused_even_under_another_name(tmp_path):
    sitk.WriteImage(sitk.Image(64, 64, sitk.sitkUInt8), tmp_path / "photo.png")
    assert "not an image that can be read here" in refusal(tmp_path / "photo.png")
    (tmp_path / "photo.png").rename(tmp_path / "photo.nii.gz")
    assert "not a NIfTI" in refusal(tmp_path / "photo.nii.gz")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_two_or_four_dimensions(tmp_path, suffix, chest):
    image = sitk.GetImageFromArray(chest.array)
    sitk.WriteImage(image[:, :, 5], tmp_path / f"2{suffix}")
    assert "2D image (32 x 28)" in refusal(tmp_path / f"2{suffix}")
    sitk.WriteImage(image[:, :, 5:6], tmp_path / f"1{suffix}")
    assert "2D image (32 x 28 x 1)" in refusal(tmp_path / f"1{suffix}")
    sitk.WriteImage(sitk.JoinSeries([image] * 3), tmp_path / f"4{suffix}")
    assert "has 4 dimensions (32 x 28 x 12 x 3)" in refusal(tmp_path / f"4{suffix}")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_colour(tmp_path, suffix, chest):
    grey = sitk.GetImageFromArray((chest.array // 16 + 64).astype(np.uint8))
    sitk.WriteImage(sitk.Compose(grey, grey, grey), tmp_path / f"rgb{suffix}")
    assert "3 numbers a voxel" in refusal(tmp_path / f"rgb{suffix}")
    assert "several numbers a voxel" in refusal(tmp_path / f"rgb{suffix}", read_mask)


def test_complex_numbers(tmp_path, chest):
    assert "complex" in refusal(save_nifti(tmp_path / "c.nii.gz", chest.array.T.astype(np.complex64)))


def test_eight_bits(tmp_path, chest):
    write_volume(tmp_path / "g.nrrd", chest.with_array((chest.array // 16 + 64).astype(np.uint8)))
    assert "not in Hounsfield units: its values run from" in refusal(tmp_path / "g.nrrd")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("kind", [">f4", "<f4", "f8"])
def test_nan_and_infinity(tmp_path, chest, bad, suffix, kind):
    """ITK itself puts 0 in their place in a NIfTI file, without a word."""
    array = chest.array.astype(kind)
    array[3, 4, 5:7] = bad
    path = tmp_path / f"n{suffix}"
    if suffix.startswith(".nii"):
        header = nibabel.Nifti1Header(endianness=">" if kind == ">f4" else "<")
        nibabel.save(nibabel.Nifti1Image(array.T, AFFINE, header), path)
    else:
        write_volume(path, chest.with_array(array.astype(array.dtype.newbyteorder("="))))
    for read in (read_ct, read_mask):
        assert "holds 2 voxels that are NaN or infinite" in refusal(path, read)


PIXDIM, SLOPE, QUATERN, SROW = 80, 112, 256, 280


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (put(PIXDIM + 8, 0.0), "spacing of [0.7, 0.8, 0.0] mm"),
        (put(PIXDIM, np.nan), "spacing of [nan"),
        (put(PIXDIM + 8, -2.5), "spacing of"),
        (put(PIXDIM + 8, 5.0), "contradicts itself: its spacing is [0.7, 0.8, 5.0] mm by pixdim"),
        (put(SROW + 16 + 12, np.nan), "position or direction that is not finite"),
        (put(QUATERN + 12, np.inf), "position or direction that is not finite"),
        (put(SROW + 8, 0.5), "contradicts itself"),
        (put(SROW + 8, 0.05), "not orthonormal (its sform is sheared"),
        (put(SLOPE, np.inf), "infinite intensity scale"),
        (put(SLOPE + 4, -np.inf), "infinite intensity scale"),
        (put(108, np.nan), "damaged NIfTI header"),
        (lambda raw: struct.pack_into("<h", raw, 40, 0), "damaged NIfTI header"),
        (lambda raw: struct.pack_into("<h", raw, 42, -5), "damaged NIfTI header"),
        (lambda raw: raw.__setitem__(slice(344, 347), b"ni1"), "not a NIfTI-1 image in one file"),
    ],
)
def test_a_nifti_header_that_itk_would_read_past(tmp_path, chest, edit, said):
    assert said in refusal(save_nifti(tmp_path / "h.nii.gz", chest.array.T, edit=edit))


def test_absurd_spacing_in_a_nifti_header(tmp_path, chest):
    assert "absurd spacing" in refusal(
        save_nifti(tmp_path / "s.nii.gz", chest.array.T, np.diag([1e-3, 1e-3, 3e-3, 1]))
    )


def test_a_nifti_header_without_orientation_is_read_with_a_warning(tmp_path, chest, caplog):
    path = save_nifti(tmp_path / "o.nii.gz", chest.array.T, edit=lambda raw: struct.pack_into("<2h", raw, 252, 0, 0))
    ct = read_ct(path)
    assert np.array_equal(ct.array, chest.array)
    assert np.array_equal(ct.grid.direction, np.eye(3))
    assert "gives no orientation" in caplog.text


def test_slopes_that_mean_none_are_accepted(tmp_path, chest):
    for slope in (np.nan, 0.0):
        path = save_nifti(tmp_path / "s.nii.gz", chest.array.T, edit=put(SLOPE, slope, slope))
        assert np.array_equal(read_ct(path).array, chest.array)


@pytest.mark.parametrize(
    ("suffix", "old", "new", "said"),
    [
        (".nrrd", b"(0.7,0,0)", b"(0,0,0)", "spacing of zero"),
        (".nrrd", b"(0.7,0,0)", b"(0.7,0.2,0)", "not orthonormal"),
        (".nrrd", b"(0.7,0,0)", b"(700,0,0)", "absurd spacing"),
        (".mha", b"0.7 0.8 2.5", b"0.7 0 2.5", "spacing of zero"),
        (".mha", b"0.7 0.8 2.5", b"0.7 0.8 250", "absurd spacing"),
        (".mha", b"1 0 0 0 1 0 0 0 1", b"1 0.2 0 0 1 0 0 0 1", "not orthonormal"),
        (".mha", b"1 0 0 0 1 0 0 0 1", b"1 0 0 1 0 0 0 0 1", "not orthonormal"),
        (".mha", b"MET_SHORT", b"MET_WORDS", "not a MetaImage"),
        (".mha", b"Offset = ", b"Offset = nan ", "position that is not finite: Offset = nan"),
        (".mha", b"Offset = ", b"Offset = here ", "position that is not finite: Offset = here"),
        (".mha", b"LOCAL", b"a.zraw", "'a.zraw' beside it, which is not there"),
    ],
)
def test_a_bad_nrrd_or_metaimage_header(tmp_path, chest, suffix, old, new, said):
    image = sitk.GetImageFromArray(chest.array)
    image.SetSpacing((0.7, 0.8, 2.5))
    sitk.WriteImage(image, tmp_path / f"h{suffix}", useCompression=False)
    raw = (tmp_path / f"h{suffix}").read_bytes()
    raw = raw.replace(b"0.69999999999999996", b"0.7").replace(b"0.80000000000000004", b"0.8")
    assert old in raw
    (tmp_path / f"h{suffix}").write_bytes(raw.replace(old, new))
    assert said in refusal(tmp_path / f"h{suffix}")


@pytest.mark.parametrize("lost", [1, 4, 8, 1000, 0.5, 0.98])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_truncated(tmp_path, chest, suffix, lost):
    path = tmp_path / f"t{suffix}"
    write_volume(path, chest)
    whole = path.read_bytes()
    path.write_bytes(whole[: -int(lost * len(whole)) if lost < 1 else -lost])
    if suffix == ".nrrd" and lost in (1, 4):  # only the length field at the very end is lost; the check sum is not
        assert np.array_equal(read_ct(path).array, chest.array)
    else:
        refusal(path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("where", [0.3, 0.6, 0.9])
def test_one_flipped_bit_in_compressed_voxels(tmp_path, chest, suffix, where):
    path = tmp_path / f"f{suffix}"
    write_volume(path, chest)
    raw = bytearray(path.read_bytes())
    raw[int(len(raw) * where)] ^= 0x10
    path.write_bytes(bytes(raw))
    refusal(path)


def test_a_damaged_file_is_told_from_other_trouble(tmp_path, chest):
    write_volume(tmp_path / "t.nii.gz", chest)
    raw = (tmp_path / "t.nii.gz").read_bytes()
    (tmp_path / "t.nii.gz").write_bytes(raw[: len(raw) // 2])
    assert "truncated or damaged" in refusal(tmp_path / "t.nii.gz")


def test_a_whole_gzip_stream_of_too_few_voxels(tmp_path, chest):
    write_volume(tmp_path / "t.nii", chest)
    (tmp_path / "t.nii.gz").write_bytes(gzip.compress((tmp_path / "t.nii").read_bytes()[:-100]))
    assert "truncated or damaged" in refusal(tmp_path / "t.nii.gz")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (lambda a: a, "values run from"),
        (lambda a: np.abs(a) / np.float32(3), "not whole numbers"),
        (lambda a: np.abs(a.astype(np.int32)) * 1000, "values run from"),
    ],
)
def test_what_is_no_mask(tmp_path, chest, array, said):
    write_volume(tmp_path / "m.nrrd", chest.with_array(array(chest.array)))
    assert f"is not a mask: its {said}" in refusal(tmp_path / "m.nrrd", read_mask).replace("its values are", "its")


def test_a_folder_is_no_mask(tmp_path):
    assert "is a folder" in refusal(tmp_path, read_mask)


def test_libraries_print_nothing_beside_the_one_line(tmp_path, chest, capfd):
    write_volume(tmp_path / "t.mha", chest)
    raw = (tmp_path / "t.mha").read_bytes()
    (tmp_path / "t.mha").write_bytes(raw[:-1000])
    refusal(tmp_path / "t.mha")
    refusal(save_nifti(tmp_path / "s.nii.gz", chest.array.T, edit=put(SROW + 8, 0.05)))
    write_ct_series(tmp_path / "d", chest)[3].write_bytes(b"")
    refusal(tmp_path / "d")
    assert capfd.readouterr() == ("", "")


def test_a_mask_in_a_folder_that_cannot_be_written(tmp_path, chest):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", Path("/proc/no")):
        with pytest.raises(InputError, match="cannot be written"):
            write_mask(folder / "m.nii.gz", chest.with_array(chest.array > 0))
        assert not (folder / "m.nii.gz").exists()


def test_a_suffix_of_no_format(tmp_path, chest):
    for path in (tmp_path / "m.png", tmp_path / "m", tmp_path / "m.nii.bz2"):
        with pytest.raises(InputError, match=r"use one of \.seg\.nrrd, \.nii\.gz"):
            write_mask(path, chest.with_array(chest.array > 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", mask_suffixes)
def test_a_disk_that_fills_up_half_way(tmp_path, suffix):
    """A real limit on the size of files. ITK itself says nothing of it for NIfTI."""
    target = tmp_path / f"m{suffix}"
    target.write_text("older")
    program = """
        import resource, signal, sys
        import numpy as np
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        from LungTumorSegLib.errors import InputError
        from LungTumorSegLib.volume import Grid, Volume, write_mask
        noise = np.random.default_rng(0).integers(0, 2, (30, 200, 200)).astype(np.uint8)
        try:
            write_mask(sys.argv[1], Volume(noise, Grid((200, 200, 30))))
        except InputError as error:
            print(error)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), target], capture_output=True, text=True, check=True
    )
    assert "could not be written whole" in said.stdout
    assert said.stdout.startswith(str(target))
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]
