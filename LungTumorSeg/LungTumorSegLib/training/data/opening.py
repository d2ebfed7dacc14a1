"""From a data set, or its cache, to the cases that a run is trained on."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError
from ...machine import memory
from ...progress import Progress, silent
from ...recipe.schema import Annotation, Recipe
from .cache import (
    FINGERPRINT_FILE,
    PATCHED,
    REGION,
    case_path,
    open_case,
    patched_bytes,
    read_index,
)
from .cache.index import CacheIndex, dependencies
from .case_files import CaseFiles
from .cases import TrainingCase
from .fingerprint import resolve
from .layouts import cases_for
from .planning import Plan, apply_plan, make_plan, read_plan
from .preparing import prepare_cache
from .subtypes import balanced

log = logging.getLogger(__name__)

MEMORY_SHARE = 0.25  # of the memory there is; the rest is for the network, the loaders and everybody else


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a run is trained on.

    Attributes
    ----------
    cases : list of TrainingCase
    recipe : Recipe
        The recipe in numbers: what it takes from the fingerprint, what it leaves to a plan, and class weights; and
        with the annotation that was read.
    nodules : Path or None
        A folder that `load_nodules` reads.
    where : str
        Whether the cases are in memory or read from the cache, and why; to be said to the user.
    skipped : tuple of str
        Names of cases that could not be used.
    plan : Plan or None
        Where the recipe left its network to one.
    """

    cases: list[TrainingCase]
    recipe: Recipe
    nodules: Path | None
    where: str
    skipped: tuple[str, ...] = ()
    plan: Plan | None = None


def open_data(
    data: str | Path,
    recipe: Recipe,
    cache_folder: str | Path | None = None,
    *,
    files: Sequence[CaseFiles] | None = None,
    skip_bad: bool = False,
    workers: int = 0,
    processes: int = 1,
    plan_path: Path | None = None,
    progress: Progress = silent,
) -> TrainingData:
    """Open a cache, or prepare a data set into ``cache_folder`` first.

    Parameters
    ----------
    data : str or Path
        A data set in a layout that `find_cases` knows, or a cache of one.
    recipe : Recipe
        What it takes from the fingerprint comes from the cache, or from the cases named. Where it leaves
        ``annotation`` as it is by default, a cache's holds.
    cache_folder : str or Path, optional
        Where a data set is prepared; what is there already is not prepared again, and other cases of it are left as
        they are. Not used for a cache.
    files : sequence of CaseFiles, optional
        The cases to open, of `find_cases`; all by default.
    skip_bad : bool
        Leave out cases that cannot be used, and name them.
    workers : int
        Processes that prepare.
    processes : int
        Processes on this machine that open the same data; it is held in memory if all of them have room.
    plan_path : Path, optional
        An earlier plan, to be used in place of a new one.

    Raises
    ------
    InputError
        As `prepare_cache`; a cache that was made with another preparation, or lacks a case.
    """
    data = Path(data)
    index = read_index(data)
    if index is None:
        if cache_folder is None:
            raise InputError("is a data set that is not prepared", data, "give a folder for its cache")
        files = cases_for(recipe, data, allow_missing=skip_bad) if files is None else files
        prepared = prepare_cache(files, recipe, cache_folder, skip_bad=skip_bad, workers=workers, progress=progress)
        log.info("%s", prepared)
        folder, recipe = Path(cache_folder), prepared.recipe
        names, skipped = {*prepared.done, *prepared.unchanged}, prepared.skipped
    else:
        folder, names = data, set(index.sources) if files is None else {case.name for case in files}
        recipe, skipped = _annotated_as(index, _resolved_by(folder, recipe)), sorted(index.skipped)
        if difference := index.difference(dependencies(recipe)):
            raise InputError(f"the cache was made with {difference}", data, "prepare the data set with this recipe")
        if missing := names - set(index.sources):
            raise InputError(f"the cache holds no case {min(missing)}", data, "prepare the data set again")
    nodules = data / "nodules" if (data / "nodules").is_dir() else None
    parts = (*PATCHED, REGION) if recipe.preparation.outside == "air" else PATCHED
    cases, where = _open_cases(folder, sorted(names), processes, parts)
    plan = None
    if recipe.planned:
        plan = make_plan(recipe, _fingerprint_of(folder)) if plan_path is None else read_plan(plan_path)
        recipe = _planned(recipe, plan, plan_path)
    subtypes = index.subtypes if files is None else {case.name: case.subtype for case in files}
    cases = [replace(case, subtype=subtypes.get(case.name)) for case in cases]
    recipe = balanced(recipe, [case.subtype for case in cases])
    return TrainingData(cases, recipe, nodules, where, tuple(skipped), plan)


def _planned(recipe: Recipe, plan: Plan, plan_path: Path | None) -> Recipe:
    try:
        return apply_plan(recipe, plan)
    except ValueError as error:  # pydantic's, about what a person has changed in the file
        if plan_path is None:
            raise
        what, do = "its numbers do not make a network and patches", "restore it, or start anew"
        raise InputError(what, plan_path, do) from error


def _resolved_by(cache: Path, recipe: Recipe) -> Recipe:
    return resolve(recipe, _fingerprint_of(cache)) if recipe.unresolved else recipe


def _fingerprint_of(cache: Path) -> dict:
    """Read the fingerprint of what a cache was made of."""
    path = cache / FINGERPRINT_FILE
    try:
        fingerprint = json.loads(path.read_text(encoding="utf-8"))
        if fingerprint.keys() >= {"cases", "target_spacing_mm", "per_case", "foreground_hu"}:
            return fingerprint
    except (OSError, ValueError, AttributeError) as error:
        raise InputError("the cache's fingerprint cannot be read", path, "prepare again") from error
    raise InputError("the cache's fingerprint is damaged", path, "prepare again")


def _annotated_as(index: CacheIndex, recipe: Recipe) -> Recipe:
    """Let a recipe that leaves open which segment or ROI is meant say what the cache was prepared with."""
    chosen = index.annotation()
    if recipe.annotation != Annotation() or chosen == recipe.annotation:
        return recipe
    log.info("annotation as the cache was prepared: rois %s, npz_flip %s", chosen.rois, chosen.npz_flip)
    return recipe.model_copy(update={"annotation": chosen})


def _open_cases(
    folder: Path, names: list[str], processes: int, parts: Collection[str]
) -> tuple[list[TrainingCase], str]:
    """Open cases in memory where there is room, which is faster by a millisecond or two a patch."""
    needed = processes * sum(patched_bytes(case_path(folder, name), parts) for name in names)
    in_memory = needed <= MEMORY_SHARE * memory().total
    cases = [open_case(case_path(folder, name), name, in_memory, parts) for name in names]
    if in_memory:
        return cases, f"in memory, {needed / 1e9:.2g} GB"
    return cases, f"read from the cache as needed, since {needed / 1e9:.3g} GB is more than a quarter of the memory"
