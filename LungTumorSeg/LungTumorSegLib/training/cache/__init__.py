"""The training cache: a data set, prepared once, in files that patches are read from by several processes."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ...recipe.schema import Annotation
from ..layouts import CaseFiles
from .arrays import CachedArray
from .case_file import open_case, patched_bytes, read_scan
from .extras import copy_extras
from .index import NAME as INDEX
from .index import read_index, require_scans
from .jobs import case_path
from .prepare import FINGERPRINT_FILE, Prepared, prepare_cache

__all__ = [
    "FINGERPRINT_FILE",
    "INDEX",
    "CachedArray",
    "Prepared",
    "cached_cases",
    "case_path",
    "copy_extras",
    "open_case",
    "patched_bytes",
    "prepare_cache",
    "read_index",
    "read_scan",
    "require_scans",
]


def cached_cases(folder: Path, annotation: Annotation) -> list[CaseFiles]:
    """List the cases of a cache, each as its own CT and mask."""
    index = read_index(folder)
    if not index.sources:
        raise InputError("the cache holds no case", folder, "prepare its data set")
    paths = {name: case_path(folder, name) for name in sorted(index.sources)}
    return [
        CaseFiles(name, path, path if name in index.with_tumor else None, annotation=annotation)
        for name, path in paths.items()
    ]
