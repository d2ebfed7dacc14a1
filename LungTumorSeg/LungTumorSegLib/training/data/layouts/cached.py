"""A training cache, which is a data set too: ``cases/CASE.h5``, each its own CT and mask."""

from __future__ import annotations

from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation, Classification
from ..cache import INDEX, case_path, read_index
from ..case_files import CaseFiles


def is_cache(folder: Path) -> bool:
    """Tell whether a folder holds a cache."""
    return (folder / INDEX).is_file()


def cached_cases(
    folder: Path, annotation: Annotation, classification: Classification | None = None
) -> list[CaseFiles]:
    """List the cases of a cache, each as its own CT and mask.

    Raises
    ------
    InputError
        The cache is damaged or empty; it knows no classes, or others than the recipe.
    """
    index = read_index(folder)
    if not index.sources:
        raise InputError("the cache holds no case", folder, "prepare its data set")
    if classification is not None:
        index.check_subtypes(classification, folder)
    paths = {name: case_path(folder, name) for name in sorted(index.sources)}
    return [
        CaseFiles(
            name,
            path,
            path if name in index.with_tumor else None,
            annotation=annotation,
            subtype=index.subtypes.get(name),
            held_out=name in index.held_out,
            for_testing=name in index.for_testing,
        )
        for name, path in paths.items()
    ]
