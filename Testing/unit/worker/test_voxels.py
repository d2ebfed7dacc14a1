"""The file that both sides see: private, nameless, swept away, and what is read is what was written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from LungTumorSegLib.worker import voxels
from LungTumorSegLib.worker.voxels import Layout, MappedVoxels, SharedVoxels, sweep

SHAPE = (5, 6, 7)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(voxels, "SHARED_MEMORY", tmp_path)
    return tmp_path


def arrays() -> dict[str, np.ndarray]:
    plain = np.random.default_rng(0).integers(-1000, 2000, SHAPE).astype(np.int16)
    read_only = plain.copy()
    read_only.setflags(write=False)
    return {
        "plain": plain,
        "read-only": read_only,
        "Fortran": np.asfortranarray(plain),
        "float64": plain.astype(np.float64) + 0.25,
        "backwards": plain[::-1, ::-1, ::-1],
        "every other": np.repeat(plain, 2, axis=2)[:, :, ::2],
        "transposed": plain.transpose(2, 0, 1),
    }


@pytest.mark.parametrize("kind", arrays())
def test_the_worker_sees_the_voxels_that_the_client_wrote(kind):
    array = arrays()[kind]
    layout = Layout.of(array.shape, array.dtype)
    shared = SharedVoxels(layout)
    mapped = MappedVoxels(str(shared.path))
    half = len(array) // 2
    offset = shared.write(layout.ct, array[:half])
    assert shared.write(offset, array[half:]) == array.nbytes
    seen = mapped.array(array.dtype, array.shape)
    np.testing.assert_array_equal(seen, array)
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 0
    mapped.close()
    np.testing.assert_array_equal(seen, array)
    shared.close()


def test_masks_go_back_beside_the_ct():
    layout = Layout.of(SHAPE, np.dtype(np.int16))
    shared = SharedVoxels(layout)
    mapped = MappedVoxels(str(shared.path))
    ct = arrays()["plain"]
    shared.write(layout.ct, ct)
    full = np.full(SHAPE, 7, np.uint8)
    mapped.write(layout.preview, full)
    mapped.write(layout.mask, np.asfortranarray(full[:, :, 1:] + 1))
    np.testing.assert_array_equal(shared.read(layout.preview, SHAPE), full)
    np.testing.assert_array_equal(shared.read(layout.mask, (5, 6, 6)), full[:, :, 1:] + 1)
    np.testing.assert_array_equal(mapped.array(ct.dtype, SHAPE), ct)
    shared.close()


def test_only_this_user_can_read_it_and_its_name_is_gone_once_it_is_mapped(folder):
    shared = SharedVoxels(Layout.of(SHAPE, np.dtype(np.int16)))
    assert stat.S_IMODE(shared.path.stat().st_mode) == 0o600
    assert shared.path.stat().st_blocks == 0  # nothing is in it yet
    MappedVoxels(str(shared.path))
    assert list(folder.iterdir()) == []
    shared.close()
    shared.close()


def test_a_file_that_was_never_mapped_is_removed(folder):
    SharedVoxels(Layout.of(SHAPE, np.dtype(np.int16))).close()
    assert list(folder.iterdir()) == []


def test_files_of_processes_that_are_gone_are_swept_away(folder):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    theirs = folder / f"lungtumorseg-{ended.pid}-{'a' * 16}"
    kept = [
        folder / f"lungtumorseg-{os.getpid()}-{'b' * 16}",
        folder / f"lungtumorseg-{ended.pid}-notes.txt",
        folder / "someone-elses",
    ]
    for path in (theirs, *kept):
        path.write_bytes(b"x")
    sweep()
    assert sorted(folder.iterdir()) == sorted(kept)


def test_where_shared_memory_is_small_the_file_goes_to_the_temporary_folder(folder, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(voxels.tempfile, "gettempdir", lambda: str(other))
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    assert voxels.folder_for(1000) == folder
    assert voxels.folder_for(2 * free) == other
    monkeypatch.setattr(voxels, "SHARED_MEMORY", folder / "no-such-folder")
    assert voxels.folder_for(1000) == other


def test_a_full_file_system_is_an_error_at_the_call_and_no_signal(folder):
    """A limit on the size of files stands for it: it strikes at the same call."""
    code = (
        "import numpy as np, resource, signal; from pathlib import Path\n"
        "from LungTumorSegLib.worker import voxels\n"
        f"voxels.SHARED_MEMORY = Path({str(folder)!r})\n"
        "shared = voxels.SharedVoxels(voxels.Layout.of((64, 64, 64), np.dtype(np.int16)))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))\n"
        "try: shared.write(0, np.zeros((64, 64, 64), np.int16))\n"
        "except OSError as error: print(type(error).__name__); shared.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "OSError", done.stderr
    assert list(folder.iterdir()) == []
