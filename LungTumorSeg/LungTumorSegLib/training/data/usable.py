"""Which cases of a data set can be used, found out before they are shared out between training and validation."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...errors import InputError
from ...progress import Progress
from ...recipe.schema import Recipe
from ..processes.distributed import Ranks
from .case_files import CaseFiles
from .preparing import readable_cases


def usable_cases(
    files: list[CaseFiles], recipe: Recipe, cache: Path, ranks: Ranks, leave_out: Collection[str], progress: Progress
) -> tuple[list[CaseFiles], list[str]]:
    """Leave out the cases that cannot be read; the log says what is wrong with each.

    Parameters
    ----------
    files : list of CaseFiles
    recipe : Recipe
    cache : Path
        Where the cases will be prepared, and where it is noted that they could be read.
    ranks : Ranks
        The first process reads the cases, the others take up its notes.
    leave_out : collection of str
        Names of cases that will not be used, and need not be read.
    progress : callable

    Returns
    -------
    usable : list of CaseFiles
        In their order, those of ``leave_out`` among them.
    skipped : list of str
        Names of the others.

    Raises
    ------
    InputError
        No case can be used, or the cache cannot be written.
    """
    asked = [case for case in files if case.name not in leave_out]

    def read_all() -> tuple[list[CaseFiles], list[str]]:
        return readable_cases(asked, recipe, cache, progress=progress)

    readable, skipped = ranks.first_alone(read_all) or read_all()
    if asked and not readable:
        raise InputError("no case can be used", cache, "see the notes above")
    return [case for case in files if case.name not in skipped], skipped
