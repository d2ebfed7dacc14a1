"""Output files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import InputError

# Suffixes of two parts: libraries that choose a format by the file's name need both.
COMPOUND_SUFFIXES = (".seg.nrrd", ".nii.gz")

# What the operating system says when the place, not the program, is at fault.
_PLACE_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than this place allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "there is no permission to write here",
    errno.EPERM: "there is no permission to write here",
    errno.EIO: "the disk reported an error",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EEXIST: "a part of the path is a file, not a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.ENOENT: "the folder cannot be made here",
}


def full_suffix(path: str | Path) -> str:
    """Return the suffix in lower case, both parts of a compound one (``.nii.gz``, ``.seg.nrrd``)."""
    name = Path(path).name.lower()
    return next((suffix for suffix in COMPOUND_SUFFIXES if name.endswith(suffix)), Path(name).suffix)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to, which becomes ``path`` when the body ends well.

    The temporary file lies beside ``path`` and keeps its full suffix. At the end it is flushed to the disk and renamed
    over ``path``, so a reader sees the old file or the new one and never a part. When the body raises anything,
    `KeyboardInterrupt` included, the temporary file is removed and an older file stays as it was. Missing parent
    folders are made.

    Parameters
    ----------
    path : str or Path
        The file that is to appear. A symbolic link is followed.

    Yields
    ------
    Path
        An empty file to overwrite.

    Raises
    ------
    InputError
        The place cannot be written: no permission, a full or read-only disk, a folder or device of that name.
    """
    with _place_errors_named(path):
        target = _ordinary_file(path)
    temporary = target.parent / f".{secrets.token_hex(8)}{full_suffix(target)}"
    try:
        with _place_errors_named(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            # Exclusive creation claims the name and shows, before the body works, that the folder can be written.
            temporary.open("xb").close()
        with _place_errors_named(path, only_about=temporary):
            yield temporary
            _flush_to_disk(temporary)
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _flush_folder(target.parent)


def check_writable(path: str | Path) -> None:
    """Raise `InputError` if ``path`` could not be written; to be asked before long work.

    Nothing is left behind: missing parent folders are not made yet.
    """
    with _place_errors_named(path):
        folder = next(parent for parent in _ordinary_file(path).parents if parent.exists())
        probe = folder / f".{secrets.token_hex(8)}"
        probe.open("xb").close()
        probe.unlink()


def _ordinary_file(path: str | Path) -> Path:
    """Follow symbolic links; refuse a folder or device, which a rename would fail on or destroy."""
    target = Path(os.path.realpath(path))
    if not is_utf8(target):
        raise InputError("cannot be written, because its path is not in UTF-8", path, "choose another place")
    if target.is_symlink():
        raise InputError("cannot be written, because it is a link that leads back to itself", path, "remove the link")
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "not an ordinary file"
        raise InputError(f"cannot be written, because it is {kind}", path, "give the name of a file")
    return target


def is_utf8(path: str | Path) -> bool:
    """Tell whether SimpleITK can be given ``path``; any other name ends the whole process."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` in UTF-8, whole or not at all; errors as in `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def append_line(path: str | Path, line: str) -> None:
    """Add a line in UTF-8 to the end of a file, whole or not at all; the file and its folder are made if missing.

    A process that is killed within may leave a part of the line, without a line break.

    Raises
    ------
    InputError
        As in `atomic_path`; what was in the file stays.
    """
    with _place_errors_named(path):
        target = _ordinary_file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab", buffering=0) as stream:
            size = stream.tell()
            rest = memoryview(f"{line}\n".encode())
            try:
                while rest:  # a disk that runs full takes a first part before it refuses
                    rest = rest[stream.write(rest) :]
            except BaseException:
                os.truncate(target, size)
                raise


def write_json(path: str | Path, document: object) -> None:
    """Write ``document`` as indented JSON, whole or not at all; errors as in `atomic_path`.

    NumPy numbers and arrays are written as plain numbers and lists. JSON has no NaN and no infinity: a document that
    holds one is a mistake of the program and raises `ValueError`.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    write_text(path, text + "\n")


def read_json(path: str | Path) -> dict:
    """Read a JSON object.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or holds something else; NaN and Infinity, which Python reads and no
        other reader of JSON would, included.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError as error:
        raise InputError("there is no such file", path, "check the path") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("cannot be read as JSON", path, "correct the file") from error
    if not isinstance(content, dict):
        raise InputError("expected a JSON object", path, "correct the file")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


@contextmanager
def _place_errors_named(path: str | Path, only_about: Path | None = None) -> Iterator[None]:
    """Turn the operating system's refusal to write into an `InputError` about ``path``.

    With ``only_about``, errors that name another file (one that the body reads, say) pass through.
    """
    try:
        yield
    except OSError as error:
        about_another = only_about is not None and error.filename not in (None, str(only_about), only_about)
        if error.errno not in _PLACE_ERRORS or about_another:
            raise
        do = "free some space or choose another place" if error.errno == errno.ENOSPC else "choose another place"
        raise InputError(f"cannot be written: {_PLACE_ERRORS[error.errno]}", path, do) from error


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the rename last through a power failure, where the system offers that (not Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
