"""How a data set in the wrong layout is answered: the path, what was expected there, and what was found."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from ....errors import InputError
from ....wording import first_names

SHOWN = 5  # names in a message


def contents(folder: Path, like: str = "") -> str:
    """Name what a folder holds, that first which begins as ``like`` does; "nothing" where it is empty."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    names.sort(key=lambda name: -_alike(name.lower(), like.lower()))
    return first_names(names, SHOWN) or "nothing"


def _alike(first: str, second: str) -> int:
    """Count the letters in which two names begin alike."""
    pairs = zip(first, second, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def check_folder(folder: Path, expected: str) -> None:
    """Check that a folder of a layout is there, and is one.

    Parameters
    ----------
    folder : Path
        Its parent is there.
    expected : str
        What the folder should hold, in words.
    """
    if folder.is_dir():
        return
    if folder.exists():
        raise InputError(f"this is a file: expected a folder with {expected}", folder, "check how it was unpacked")
    found = contents(folder.parent, folder.name)
    raise InputError(f"there is no such folder: expected {expected} in it, found {found}", folder, "restore or rename")


def missing_file(path: Path, kind: str, case: str) -> InputError:
    """Return the answer to a file of a case that is not there; of a path that ends early, where it ends."""
    if path.is_dir():
        return InputError(f"a file of case {case} is missing: expected the {kind}, found a folder", path, "correct it")
    there = next(parent for parent in path.parents if parent.exists())
    if not there.is_dir():
        what = f"expected a folder {there.name}, found a file of that name"
    elif there == path.parent:
        what = f"expected {path.name}, the {kind}, found {contents(there, path.name)}"
    else:
        lost = path.relative_to(there).parts[0]
        what = f"expected a folder {lost} in {there.name or there}, found {contents(there, lost)}"
    return InputError(f"a file of case {case} is missing: {what}", path, "restore or rename it, or take the case out")
