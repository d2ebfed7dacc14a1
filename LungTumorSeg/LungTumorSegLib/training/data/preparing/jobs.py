"""What is done with one case: its fingerprint taken, or the case prepared; each result in a file of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Recipe
from ....volume.files import write_json
from ..cache.case_file import write_case
from ..cache.places import case_path, fingerprint_path
from ..case_files import CaseFiles
from ..case_images import CaseImages
from ..cases import prepare_case
from ..fingerprint import CaseFingerprint
from ..reading import read_case


@dataclass(frozen=True)
class CaseJob:
    """A case, the digest of its files, and the cache."""

    case: CaseFiles
    digest: str
    folder: Path


@dataclass(frozen=True)
class BadCase:
    """A case that cannot be used, and why."""

    error: InputError

    def as_error(self, name: str) -> InputError:
        """Return an error that names the case too."""
        do = "correct it" if self.error.do is None else self.error.do
        return InputError(f"case {name}: {self.error.what}", self.error.where, f"{do}, or pass over it by --skip-bad")


def take_fingerprint(job: CaseJob) -> BadCase | None:
    """Read a case and write its fingerprint."""
    try:
        images = read_case(job.case)
    except InputError as error:
        return BadCase(error)
    _write_fingerprint(job, images)
    return None


def prepare(job: CaseJob, recipe: Recipe, with_scan: bool) -> bool | BadCase:
    """Read and prepare a case and write it, with its fingerprint; tell whether its mask marks anything.

    Raises
    ------
    InputError
        The cache cannot be written; what is wrong with the case is returned.
    """
    try:
        images = read_case(job.case)
        case = prepare_case(job.case, images, recipe)
    except InputError as error:
        return BadCase(error)
    fingerprint = _write_fingerprint(job, images)
    write_case(case_path(job.folder, job.case.name), case, images if with_scan else None)
    return bool(fingerprint.lesion_volumes_ml)


def read_fingerprint(folder: Path, name: str, digest: str) -> CaseFingerprint | None:
    """Return the fingerprint of a case, unless there is none of the files with this digest."""
    try:
        content = json.loads(fingerprint_path(folder, name).read_text(encoding="utf-8"))
        return CaseFingerprint.from_json(content["fingerprint"]) if content["sources"] == digest else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_fingerprint(job: CaseJob, images: CaseImages) -> CaseFingerprint:
    fingerprint = CaseFingerprint.of(images)
    content = {"sources": job.digest, "fingerprint": fingerprint.as_json()}
    write_json(fingerprint_path(job.folder, job.case.name), content)
    return fingerprint
