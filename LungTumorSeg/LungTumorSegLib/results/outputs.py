"""Where results may be written, checked before the work, and writing all of them or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from ..errors import InputError
from ..volume.files import atomic_path, check_writable, full_suffix


def check_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None]) -> None:
    """Raise `InputError` if an output cannot be written, is named twice, or would replace an input.

    To be asked before long work; ``None`` stands for what was not asked for.
    """
    # `os.path.realpath` bears what `Path.resolve` raises on: links in a circle, which `check_writable` refuses.
    taken = [Path(os.path.realpath(path)) for path in inputs if path is not None]
    for output in outputs:
        if output is None:
            continue
        check_writable(output)
        place = Path(os.path.realpath(output))
        if place in taken or any(path.is_file() and place.exists() and place.samefile(path) for path in taken):
            raise InputError("would replace an input or another output", output, "choose another name")
        taken.append(place)


def check_suffix(path: str | Path | None, known: tuple[str, ...], kind: str) -> None:
    """Raise `InputError` if ``path`` does not end in one of the ``known`` suffixes."""
    if path is not None and full_suffix(path) not in known:
        raise InputError(f"is not a name for a {kind}", path, f"end it in {' or '.join(known)}")


def write_together(jobs: list[tuple[str | Path, Callable[[Path], None]]]) -> None:
    """Write several files: each to a temporary one first, and only when all are whole do they get their names.

    Parameters
    ----------
    jobs : list of (path, write)
        ``write`` gets the temporary path, of the same suffix.
    """
    with ExitStack() as renamed_at_the_end:
        for path, write in jobs:
            temporary = renamed_at_the_end.enter_context(atomic_path(path))
            try:
                write(temporary)
            except InputError as error:
                if error.where == str(temporary):  # the user knows the file by its own name
                    raise InputError(error.what, path, error.do) from error
                raise
