"""Bring a cache up to date with a data set: only what is new or changed, each case whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ....errors import InputError
from ....progress import Progress, silent
from ....recipe.schema import Recipe
from ....volume.files import write_json
from ..cache.index import CacheIndex, dependencies, read_index, sources_digest
from ..cache.places import FINGERPRINT_FILE, case_path, fingerprint_path
from ..case_files import CaseFiles
from ..fingerprint import resolve, summarize
from .jobs import BadCase, CaseJob, prepare, read_fingerprint, take_fingerprint
from .lock import NAME as LOCK
from .lock import only_one
from .pool import results

log = logging.getLogger(__name__)


@dataclass
class Prepared:
    """What was done.

    Attributes
    ----------
    recipe : Recipe
        With what it takes from the fingerprint in numbers.
    done, unchanged, removed, skipped : list of str
        Names of cases: prepared now, there before, no longer in the data set, not usable.
    """

    recipe: Recipe
    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in one line."""
        total = len(self.done) + len(self.unchanged)
        parts = [f"{len(self.done)} of {total} cases prepared now, {len(self.unchanged)} were there"]
        parts += [f"{len(self.skipped)} skipped ({', '.join(self.skipped)})"] if self.skipped else []
        parts += [f"{len(self.removed)} removed, being no longer in the data set"] if self.removed else []
        return "; ".join(parts)


def prepare_cache(
    files: list[CaseFiles],
    recipe: Recipe,
    folder: str | Path,
    *,
    skip_bad: bool = False,
    workers: int = 0,
    with_scans: bool = False,
    prune: bool = False,
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
    prune : bool
        Remove from the cache what is not among ``files``.

    Raises
    ------
    InputError
        A case cannot be used; the cache was made with another preparation or of another data set; its folder cannot be
        written, or holds something else.
    """
    folder = Path(folder)
    _check_folder(folder)
    with only_one(folder, progress):
        return _Update(files, recipe, folder, skip_bad, workers, with_scans, prune, progress).run()


@dataclass
class _Update:
    """The work of `prepare_cache`; parameters as there."""

    files: list[CaseFiles]
    recipe: Recipe
    folder: Path
    skip_bad: bool
    workers: int
    with_scans: bool
    prune: bool
    progress: Progress
    skipped: dict[str, str] = field(default_factory=dict)

    def run(self) -> Prepared:
        names = {case.name for case in self.files}
        known = read_index(self.folder) or self._begin()
        if self.prune and known.sources and not known.sources.keys() & names:
            raise InputError("the cache is of another data set", self.folder, "choose another folder, or remove it")
        jobs = [CaseJob(case, sources_digest(case), self.folder) for case in self.files]
        recipe = self._resolved(jobs)
        index = self._index(known, recipe)
        there = [job for job in jobs if index.sources.get(job.case.name) == job.digest and _file(job).is_file()]
        prepared = Prepared(recipe, unchanged=[job.case.name for job in there])
        todo = [job for job in jobs if job not in there and job.case.name not in self.skipped]
        for job, marked in self._each(partial(prepare, recipe=recipe, with_scan=index.scans), todo, "preparing"):
            index.add(job.case.name, job.digest, marked)
            index.write(self.folder)
            prepared.done.append(job.case.name)
        prepared.skipped = sorted(self.skipped)
        prepared.removed = sorted(set(index.sources) - names) if self.prune else []
        index.forget({*prepared.removed, *self.skipped})
        index.skipped = dict(self.skipped)
        index.write(self.folder)
        self._sweep(index)
        if not prepared.done and not prepared.unchanged:
            raise InputError("no case could be prepared", self.folder, "see the notes above")
        usable = [job for job in jobs if job.case.name not in self.skipped]
        write_json(self.folder / FINGERPRINT_FILE, self._summary(usable))
        return prepared

    def _begin(self) -> CacheIndex:
        _check_folder(self.folder)
        index = CacheIndex(dependencies(self.recipe))
        index.write(self.folder)
        return index

    def _resolved(self, jobs: list[CaseJob]) -> Recipe:
        """Resolve the recipe; only for that are all cases looked at before any is prepared."""
        if not self.recipe.preparation.unresolved:
            return self.recipe
        todo = [job for job in jobs if read_fingerprint(self.folder, job.case.name, job.digest) is None]
        for _ in self._each(take_fingerprint, todo, "fingerprint"):
            pass
        resolved = resolve(self.recipe, self._summary([job for job in jobs if job.case.name not in self.skipped]))
        for key in self.recipe.preparation.unresolved:
            log.info("preparation.%s from the fingerprint: %s", key, getattr(resolved.preparation, key))
        return resolved

    def _index(self, known: CacheIndex, recipe: Recipe) -> CacheIndex:
        """Take up the cache's index if it was made alike, or begin a new one."""
        new = CacheIndex(dependencies(recipe), self.recipe.preparation.unresolved, scans=self.with_scans)
        if not known.sources:
            return new
        if self.with_scans and not known.scans:
            log.info("the cache holds no scans yet, so every case is prepared anew")
            known.sources.clear()
        difference = known.difference(new.made_with)
        if difference is None:
            return replace(known, from_fingerprint=new.from_fingerprint, scans=known.scans or self.with_scans)
        if difference.startswith("preparation.spacing_mm") and "spacing_mm" in {*known.from_fingerprint} & {
            *new.from_fingerprint
        }:
            log.info("the fingerprint has changed, so every case is prepared anew: %s", difference)
            return new
        raise InputError(f"the cache was made with {difference}", self.folder, "choose another folder, or remove it")

    def _each(self, work: Callable, jobs: list[CaseJob], stage: str) -> Iterator[tuple[CaseJob, object]]:
        """Do ``work`` for each case, and yield those that could be used, with what it returned."""
        if not jobs:
            return
        done = 0

        def report() -> None:
            self.progress(stage, done / len(jobs))

        report()
        for job, result in results(work, jobs, self.workers, report):
            done += 1
            if not isinstance(result, BadCase):
                yield job, result
            elif not self.skip_bad:
                raise result.as_error(job.case.name)
            else:
                log.warning("case %s is skipped: %s", job.case.name, result.error)
                self.skipped[job.case.name] = result.error.what
            report()

    def _summary(self, jobs: list[CaseJob]) -> dict:
        found = {job.case.name: read_fingerprint(self.folder, job.case.name, job.digest) for job in jobs}
        if not any(found.values()):
            raise InputError("no case could be read", self.folder, "see the notes above")
        return summarize({name: fingerprint for name, fingerprint in found.items() if fingerprint is not None})

    def _sweep(self, index: CacheIndex) -> None:
        """Remove what the index does not name, and what a killed process left unfinished."""
        kept = {path(self.folder, name) for name in index.sources for path in (case_path, fingerprint_path)}
        places = {path.parent for path in kept}
        for path in [*self.folder.glob(".*.json"), *(path for place in places for path in place.iterdir())]:
            if path not in kept:
                path.unlink(missing_ok=True)


def _check_folder(folder: Path) -> None:
    """Let a cache begin in an empty folder, and in no other: what a cache does not name is removed from it."""
    if read_index(folder) is None and folder.is_dir() and any(path.name != LOCK for path in folder.iterdir()):
        raise InputError("this folder is not empty, and no cache", folder, "choose another one")


def _file(job: CaseJob) -> Path:
    return case_path(job.folder, job.case.name)
