"""Headers of NRRD and MetaImage files that ITK would believe too readily."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import read_ct, read_mask, write_volume
from support.volumes import chest_volume

HEADER = """NRRD0004
type: short
dimension: 3
space: left-posterior-superior
sizes: {sizes}
{geometry}
endian: little
encoding: {encoding}

"""
GEOMETRY = "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)"


def write_nrrd(path, voxels: bytes, sizes="32 28 12", encoding="raw", geometry=GEOMETRY):
    path.write_bytes(HEADER.format(sizes=sizes, encoding=encoding, geometry=geometry).encode() + voxels)
    return path


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_nrrd_that_promises_gigabytes_is_refused_without_asking_for_them(tmp_path, encoding):
    path = write_nrrd(tmp_path / "ct.nrrd", gzip.compress(bytes(4000)), "2048 2048 1024", encoding)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)); "
        "from LungTumorSegLib.volume import read_ct; read_ct(__import__('sys').argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert "InputError" in done.stderr, done.stderr
    assert "is truncated or damaged" in done.stderr


def test_compressed_nifti_that_promises_gigabytes_is_refused(tmp_path):
    write_volume(tmp_path / "ct.nii.gz", chest_volume())
    header = bytearray(gzip.decompress((tmp_path / "ct.nii.gz").read_bytes()))
    header[42:48] = np.array([2048, 2048, 1024], "<i2").tobytes()
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(bytes(header)))
    with pytest.raises(InputError, match="promises 8589934592 bytes"):
        read_ct(tmp_path / "ct.nii.gz")


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("detached", [False, True])
def test_sound_nrrd_is_read(tmp_path, encoding, detached):
    ct = chest_volume()
    voxels = ct.array.astype("<i2").tobytes()
    voxels = gzip.compress(voxels) if encoding == "gzip" else voxels
    if detached:
        (tmp_path / "voxels.bin").write_bytes(voxels)
        path = write_nrrd(tmp_path / "ct.nhdr", b"", encoding=f"{encoding}\ndata file: voxels.bin")
    else:
        path = write_nrrd(tmp_path / "ct.nrrd", voxels, encoding=encoding)
    assert np.array_equal(read_ct(path).array, ct.array)


@pytest.mark.parametrize("geometry", ["space origin: (0,0,0)", "space directions: none none none"])
def test_nrrd_without_spacing_is_refused(tmp_path, geometry):
    path = write_nrrd(tmp_path / "ct.nrrd", chest_volume().array.tobytes(), geometry=geometry)
    for read in (read_ct, read_mask):
        with pytest.raises(InputError, match="does not say how far its voxels lie apart"):
            read(path)


def test_nrrd_with_plain_spacings_is_read(tmp_path):
    path = tmp_path / "ct.nrrd"
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 32 28 12\nspacings: 2 3 4\nendian: little\nencoding: raw\n\n"
    path.write_bytes(header.encode() + chest_volume().array.astype("<i2").tobytes())
    assert read_ct(path).grid.spacing == (2, 3, 4)


def test_metaimage_without_spacing_is_refused(tmp_path):
    write_volume(tmp_path / "ct.mha", chest_volume())
    content = (tmp_path / "ct.mha").read_bytes()
    start = content.index(b"ElementSpacing")
    (tmp_path / "ct.mha").write_bytes(content[:start] + content[content.index(b"\n", start) + 1 :])
    with pytest.raises(InputError, match="no ElementSpacing"):
        read_ct(tmp_path / "ct.mha")


@pytest.mark.parametrize("read", [read_ct, read_mask])
def test_name_that_is_not_utf8_is_refused_and_does_not_end_the_process(tmp_path, read):
    write_volume(tmp_path / "ct.nii.gz", chest_volume())
    path = tmp_path / os.fsdecode(b"ct_\xe9.nii.gz")
    try:
        (tmp_path / "ct.nii.gz").rename(path)
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    with pytest.raises(InputError, match="not in UTF-8"):
        read(path)
