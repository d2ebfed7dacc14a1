"""Bring a cache up to date with a data set: only what is new or changed, each case whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ....progress import Progress, silent
from ....recipe.schema import Recipe
from ..case_files import CaseFiles
from .lock import only_one
from .prepared import Prepared
from .update import CacheUpdate, Others, check_folder


def prepare_cache(
    files: list[CaseFiles],
    recipe: Recipe,
    folder: str | Path,
    *,
    skip_bad: bool = False,
    workers: int = 0,
    with_scans: bool = False,
    others: Others = "keep",
    progress: Progress = silent,
) -> Prepared:
    """Bring a cache up to date with a data set.

    Parameters
    ----------
    files : list of CaseFiles
        Of `find_cases`.
    recipe : Recipe
    folder : str or Path
        The cache; made if it is missing.
    skip_bad : bool
        Name a case that cannot be used, and go on; it is tried again the next time. By default it ends the work.
    workers : int
        Processes that prepare; 0 works in this one.
    with_scans : bool
        Keep the scans too, so that a run on the cache alone can be validated.
    others : {"keep", "refuse", "remove"}
        What becomes of cases in the cache that are not among ``files``: they stay, or are removed, or the work is
        refused.

    Raises
    ------
    InputError
        A case cannot be used; the cache was made with another preparation or of another data set, or holds cases that
        would have to be removed; its folder cannot be written, or holds something else.
    """
    folder = Path(folder)
    check_folder(folder)
    with only_one(folder, progress):
        return CacheUpdate(files, recipe, folder, skip_bad, workers, with_scans, others, progress).run()


def readable_cases(
    files: list[CaseFiles], recipe: Recipe, folder: str | Path, *, workers: int = 0, progress: Progress = silent
) -> tuple[list[CaseFiles], list[str]]:
    """Tell the cases that can be read from those that cannot, by reading each; the log says what is wrong with them.

    Their fingerprints are kept in the cache, so that the next time only what is new or changed is read.

    Returns
    -------
    readable : list of CaseFiles
    skipped : list of str
        Names of the others.

    Raises
    ------
    InputError
        The cache's folder cannot be written, or holds something else.
    """
    folder = Path(folder)
    check_folder(folder)
    with only_one(folder, progress):
        update = CacheUpdate(files, recipe, folder, True, workers, False, "keep", progress)
        return update.readable(), sorted(update.skipped)
