"""Which layout a data set has, and its cases."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation, Classification, Recipe
from ....volume.files import is_utf8
from ....volume.regions import dicom_kinds
from ....wording import counted
from ..case_files import CaseFiles, image_named
from ..subtypes import with_subtypes
from . import cached, case_folders, listed, paired_folders
from .answers import contents

log = logging.getLogger(__name__)

EXPECTED = f"{listed.EXPECTED}, {paired_folders.EXPECTED}, or {case_folders.EXPECTED}"


def find_cases(
    folder: str | Path,
    annotation: Annotation | None = None,
    classification: Classification | None = None,
    *,
    labels: Mapping[int, str] | None = None,
    allow_missing: bool = False,
) -> list[CaseFiles]:
    """List the cases of a data set.

    Known are the layouts of `cached`, `listed`, `paired_folders` and `case_folders` beside this file.

    Parameters
    ----------
    folder : str or Path
    annotation : Annotation, optional
        The recipe's; says which segment or ROI of a DICOM annotation is meant. That of a lung tumour by default.
    classification : Classification, optional
        The recipe's, where it has one: the class of each case is then taken from the data set's table of them.
    labels : mapping of int to str, optional
        The recipe's; a data set that names its own must have these.
    allow_missing : bool
        Let a file that should be there pass, so that it is found missing when its case is read; and a case without a
        class.

    Raises
    ------
    InputError
        No layout fits: what was expected, and what was there. A file is missing, or two cases have one name; what is
        wrong with the table of classes.
    """
    folder, annotation = Path(folder), annotation or Annotation()
    if not folder.is_dir():
        what = "is a file: expected the folder of a data set" if folder.exists() else "there is no such data folder"
        raise InputError(what, folder, "check the path")
    is_cache, taken = cached.is_cache(folder), None
    if is_cache:
        cases = cached.cached_cases(folder, annotation, classification)
    elif listed.is_listed(folder):
        cases = listed.listed_cases(folder, annotation, allow_missing)
        taken = listed.compare_labels_of(folder, labels) if labels is not None else None
    elif paired_folders.is_paired(folder):
        cases = paired_folders.paired_folders(folder, annotation, allow_missing)
    elif below := next((place for place in sorted(folder.iterdir()) if _is_data_set(place)), None):
        raise InputError(f"no cases: expected {EXPECTED}; found {contents(folder)}", folder, f"give {below}")
    else:
        cases = case_folders.case_folders(folder, annotation)
    if not cases:
        raise _no_layout(folder)
    _check_names(cases, folder)
    if classification is not None and not is_cache:
        cases = with_subtypes(cases, folder, classification, allow_missing=allow_missing)
    if taken is not None:
        log.info("%s", taken)
    with_mask = sum(case.mask is not None for case in cases)
    log.info("%s, %d of them with a mask", counted(len(cases), "case"), with_mask)
    return cases


def cases_for(recipe: Recipe, folder: str | Path, *, allow_missing: bool = False) -> list[CaseFiles]:
    """List the cases of a data set that a recipe is trained or scored on; as `find_cases`."""
    return find_cases(
        folder, recipe.annotation, recipe.classification, labels=recipe.labels, allow_missing=allow_missing
    )


def _no_layout(folder: Path) -> InputError:
    if image_named(folder, "ct") or dicom_kinds(folder).ct:
        return InputError("this is one case, not a data set of cases", folder, "give the folder above it")
    return InputError(f"no cases: expected {EXPECTED}; found {contents(folder)}", folder, "see docs/training.md")


def _is_data_set(folder: Path) -> bool:
    """Tell a whole data set from one that is spoilt, and from a case."""
    paired = all((folder / name).is_dir() for name in (paired_folders.IMAGES, paired_folders.MASKS))
    return (folder / listed.LISTING).is_file() or paired or cached.is_cache(folder)


def _check_names(cases: list[CaseFiles], folder: Path) -> None:
    """Names become file names in a cache, and tell cases apart."""
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise InputError(f"two cases are named {case.name}", folder, "rename one of them")
        if not is_utf8(case.name):
            raise InputError(f"a case is named {case.name!r}, which is not UTF-8", folder, "rename it")
        if not case.name or case.name.startswith(".") or Path(case.name).name != case.name:
            raise InputError(f"a case is named {case.name!r}, which is no file name", folder, "rename it")
        seen.add(case.name)
