"""Which layout a data set has, and its cases."""

from __future__ import annotations

import logging
from pathlib import Path

from ....errors import InputError
from ....recipe.schema import Annotation
from ....volume.files import is_utf8
from ....volume.regions import dicom_kinds
from ....wording import counted
from ..case_files import CaseFiles, image_named
from . import cached, case_folders, listed, paired_folders

log = logging.getLogger(__name__)


def find_cases(
    folder: str | Path, annotation: Annotation | None = None, *, allow_missing: bool = False
) -> list[CaseFiles]:
    """List the cases of a data set.

    Known are the layouts of `cached`, `listed`, `paired_folders` and `case_folders` beside this file.

    Parameters
    ----------
    folder : str or Path
    annotation : Annotation, optional
        The recipe's; says which segment or ROI of a DICOM annotation is meant. That of a lung tumour by default.
    allow_missing : bool
        Let a file that should be there pass, so that it is found missing when its case is read.

    Raises
    ------
    InputError
        No layout fits: what was expected, and what was there. A file is missing, or two cases have one name.
    """
    folder, annotation = Path(folder), annotation or Annotation()
    if not folder.is_dir():
        raise InputError("there is no such data folder", folder, "check the path")
    if cached.is_cache(folder):
        cases = cached.cached_cases(folder, annotation)
    elif (folder / listed.LISTING).is_file():
        cases = listed.listed_cases(folder, annotation, allow_missing)
    elif paired_folders.is_paired(folder):
        cases = paired_folders.paired_folders(folder, annotation, allow_missing)
    else:
        cases = case_folders.case_folders(folder, annotation)
    if not cases:
        raise _no_layout(folder)
    _check_names(cases, folder)
    with_mask = sum(case.mask is not None for case in cases)
    log.info("%s, %d of them with a mask", counted(len(cases), "case"), with_mask)
    return cases


def _no_layout(folder: Path) -> InputError:
    if image_named(folder, "ct") or dicom_kinds(folder).ct:
        return InputError("this is one case, not a data set of cases", folder, "give the folder above it")
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
    expected = f"{listed.EXPECTED}, {paired_folders.EXPECTED}, or {case_folders.EXPECTED}"
    return InputError(f"no cases: expected {expected}; found {found}", folder, "see docs/training.md")


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
