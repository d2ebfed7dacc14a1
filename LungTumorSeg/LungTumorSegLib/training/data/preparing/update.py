"""The work on a cache: which cases are to be prepared, and what is kept of those that were."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from ....errors import InputError
from ....progress import Progress
from ....recipe.schema import Recipe
from ....volume.files import write_json
from ....wording import counted, first_names
from ..cache.index import CacheIndex, dependencies, read_index, sources_digest
from ..cache.places import FINGERPRINT_FILE, case_path, fingerprint_path
from ..case_files import CaseFiles
from ..fingerprint import resolve, summarize
from .jobs import BadCase, CaseJob, prepare, read_fingerprint, take_fingerprint
from .lock import NAME as LOCK
from .pool import results
from .prepared import Prepared

log = logging.getLogger(__name__)

NAMES_SHOWN = 10
Others = Literal["keep", "refuse", "remove"]


@dataclass
class CacheUpdate:
    """The work of `prepare_cache`; attributes as its parameters, and the cases that were skipped with the reasons."""

    files: list[CaseFiles]
    recipe: Recipe
    folder: Path
    skip_bad: bool
    workers: int
    with_scans: bool
    others: Others
    progress: Progress
    skipped: dict[str, str] = field(default_factory=dict)

    def run(self) -> Prepared:
        """Prepare what is new or changed, and say what was done."""
        names = {case.name for case in self.files}
        known = read_index(self.folder) or self._begin()
        self._check_others(known, names)
        before = dict(known.sources)
        jobs = self._jobs()
        recipe = self._resolved(jobs)
        index = self._index(known, recipe)
        there = [job for job in jobs if index.sources.get(job.case.name) == job.digest and _file(job).is_file()]
        prepared = Prepared(recipe, unchanged=[job.case.name for job in there])
        todo = [job for job in jobs if job not in there and job.case.name not in self.skipped]
        for job, marked in self._each(partial(prepare, recipe=recipe, with_scan=index.scans), todo, "preparing"):
            index.add(job.case.name, job.digest, marked)
            index.write(self.folder)
            prepared.done.append(job.case.name)
            prepared.renewed += [job.case.name] if before.get(job.case.name, job.digest) != job.digest else []
        prepared.skipped = sorted(self.skipped)
        prepared.removed = sorted(set(index.sources) - names) if self.others == "remove" else []
        index.forget({*prepared.removed, *self.skipped})
        index.skipped = dict(self.skipped)
        index.tell_apart(case for case in self.files if case.name in index.sources)
        index.write(self.folder)
        self._sweep(index)
        if not prepared.done and not prepared.unchanged:
            raise InputError("no case could be prepared", self.folder, "see the notes above")
        usable = [job for job in jobs if job.case.name not in self.skipped]
        write_json(self.folder / FINGERPRINT_FILE, self._summary(usable))
        return prepared

    def readable(self) -> list[CaseFiles]:
        """Return the cases that can be read; the others are then in ``skipped``."""
        if read_index(self.folder) is None:
            self._begin()
        self._take_fingerprints(self._jobs())
        return [case for case in self.files if case.name not in self.skipped]

    def _jobs(self) -> list[CaseJob]:
        return [CaseJob(case, sources_digest(case), self.folder) for case in self.files]

    def _check_others(self, known: CacheIndex, names: set[str]) -> None:
        """Refuse, before any work, to take cases out of a cache without having been told to."""
        if self.others == "keep" or not known.sources:
            return
        if not known.sources.keys() & names:
            raise InputError("the cache is of another data set", self.folder, "choose another folder, or remove it")
        lacking = sorted(known.sources.keys() - names)
        if lacking and self.others == "refuse":
            what = f"the cache holds {counted(len(lacking), 'case')} that the data set lacks: "
            do = "choose another folder, or take them out of the cache by --remove-missing"
            raise InputError(what + first_names(lacking, NAMES_SHOWN), self.folder, do)

    def _begin(self) -> CacheIndex:
        check_folder(self.folder)
        index = CacheIndex(dependencies(self.recipe))
        index.write(self.folder)
        return index

    def _resolved(self, jobs: list[CaseJob]) -> Recipe:
        """Resolve the recipe; only for that are all cases looked at before any is prepared."""
        if not self.recipe.preparation.unresolved:
            return self.recipe
        self._take_fingerprints(jobs)
        resolved = resolve(self.recipe, self._summary([job for job in jobs if job.case.name not in self.skipped]))
        for key in self.recipe.preparation.unresolved:
            log.info("preparation.%s from the fingerprint: %s", key, getattr(resolved.preparation, key))
        return resolved

    def _take_fingerprints(self, jobs: list[CaseJob]) -> None:
        todo = [job for job in jobs if read_fingerprint(self.folder, job.case.name, job.digest) is None]
        for _ in self._each(take_fingerprint, todo, "fingerprint"):
            pass

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
        if self.others == "keep":  # of cases that another part of a run is about
            kept |= {*fingerprint_path(self.folder, "").parent.glob("[!.]*")}
        for path in [*self.folder.glob(".*.json"), *(path for place in places for path in place.iterdir())]:
            if path not in kept:
                path.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Let a cache begin in an empty folder, and in no other: what a cache does not name is removed from it."""
    if read_index(folder) is None and folder.is_dir() and any(path.name != LOCK for path in folder.iterdir()):
        raise InputError("this folder is not empty, and no cache", folder, "choose another one")


def _file(job: CaseJob) -> Path:
    return case_path(job.folder, job.case.name)
