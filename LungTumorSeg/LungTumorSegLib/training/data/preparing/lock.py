"""One process at a time prepares a cache."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ....progress import Progress
from ....volume.files import check_writable

log = logging.getLogger(__name__)

NAME = ".lock"
WAIT_SECONDS = 0.2


@contextmanager
def only_one(folder: Path, progress: Progress) -> Iterator[None]:
    """Wait until no other process prepares the cache in ``folder``, and keep others waiting.

    The operating system gives the lock back when its holder ends, however that ends. Where a file system knows no
    locks the work goes on without: files appear whole in any case, and at worst some are made twice.

    Raises
    ------
    InputError
        ``folder`` cannot be written.
    """
    check_writable(folder / NAME)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("ab") as file:
        said = False
        while not _try_lock(file):
            if not said:
                log.info("another process is preparing this cache; waiting for it to end")
                said = True
            progress("waiting", 0.0)
            time.sleep(WAIT_SECONDS)
        try:
            yield
        finally:
            with suppress(OSError):
                _unlock(file)


def _try_lock(file) -> bool:
    """Take the lock; tell whether this was possible."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        log.warning("this file system knows no locks: let no other process prepare the same cache")
    return True


def _unlock(file) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)
