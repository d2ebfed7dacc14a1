"""Output files appear whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume.files import atomic_path, check_writable, full_suffix, write_json, write_text


def test_full_suffix_knows_both_parts():
    assert full_suffix("a.b/CT.1.NII.GZ") == ".nii.gz"
    assert full_suffix("x.seg.nrrd") == ".seg.nrrd"
    assert full_suffix("x.y.nrrd") == ".nrrd"
    assert full_suffix("x") == ""


def test_the_file_appears_only_at_the_end(tmp_path):
    target = tmp_path / "new" / "folder" / "mask.nii.gz"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.name.endswith(".nii.gz")
        temporary.write_bytes(b"voxels")
        assert not target.exists()
    assert target.read_bytes() == b"voxels"
    assert list(target.parent.iterdir()) == [target]


def write_half_and_raise(target, error):
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_older_file_stays_when_the_body_fails(tmp_path, error):
    target = tmp_path / "report.json"
    target.write_text("older")
    with pytest.raises(error):
        write_half_and_raise(target, error)
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "real.txt").write_text("older")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text(tmp_path / "link.txt", "newer")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "newer"


def test_a_device_is_not_replaced():
    with pytest.raises(InputError, match="not an ordinary file"):
        write_text("/dev/null", "x")
    assert Path("/dev/null").is_char_device()


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="it is a folder"):
        write_text(tmp_path, "x")


# What even a superuser cannot write: below an ordinary file, and in the kernel's own file system.
def unwritable(tmp_path):
    (tmp_path / "file").write_text("")
    return [tmp_path / "file" / "x.json", tmp_path / "file" / "deeper" / "x.json", Path("/proc/no/x.json")]


@pytest.mark.parametrize("number", range(3))
def test_a_folder_that_cannot_be_written_is_named(tmp_path, number):
    target = unwritable(tmp_path)[number]
    for attempt in (check_writable, lambda path: write_text(path, "x")):
        with pytest.raises(InputError, match="cannot be written") as raised:
            attempt(target)
        assert str(target) in str(raised.value)
        assert "\n" not in str(raised.value)


def test_asking_leaves_nothing_behind(tmp_path):
    (tmp_path / "old.json").write_text("older")
    check_writable(tmp_path / "old.json")
    check_writable(tmp_path / "a" / "b" / "new.json")
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "older"


def test_an_error_about_another_file_passes_through(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x"):
        (tmp_path / "not there").read_text()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_the_older_file(tmp_path):
    """A real limit of the operating system on the size of files, so it needs a process of its own."""
    target = tmp_path / "report.json"
    target.write_text("older")
    program = """
        import resource, signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        from LungTumorSegLib.errors import InputError
        from LungTumorSegLib.volume.files import write_text
        try:
            write_text(sys.argv[1], "x" * 10000)
        except InputError as error:
            print(error)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), target], capture_output=True, text=True, check=True
    )
    assert "cannot be written: the file is larger" in said.stdout
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_named(tmp_path):
    with (
        pytest.raises(InputError, match="the disk is full; free some space"),
        atomic_path(tmp_path / "x") as temporary,
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(temporary))


def test_json_takes_numpy_and_refuses_nan(tmp_path):
    document = {"n": np.int64(3), "dice": np.float32(0.5), "at": np.array([1.0, 2.0]), "path": Path("a"), "name": "ä"}
    write_json(tmp_path / "r.json", document)
    assert json.loads((tmp_path / "r.json").read_text("utf-8")) == {
        "n": 3,
        "dice": 0.5,
        "at": [1.0, 2.0],
        "path": "a",
        "name": "ä",
    }
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "bad.json", {"hd95_mm": float("nan")})
    assert not (tmp_path / "bad.json").exists()


def test_names_that_no_file_can_have(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for name, said in (
        ("x" * 300, "name is too long"),
        ("a", "leads back to itself"),
        (os.fsdecode(b"\xfc.nrrd"), "is not in UTF-8"),  # SimpleITK would end the process
    ):
        with pytest.raises(InputError, match=said):
            check_writable(tmp_path / name)
        with pytest.raises(InputError, match=said), atomic_path(tmp_path / name):
            pytest.fail("the body must not run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
