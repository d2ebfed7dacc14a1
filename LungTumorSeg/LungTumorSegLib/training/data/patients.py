"""Whose the cases and the nodules of a data set are, so that no patient is both trained on and validated."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from ...errors import InputError

NAME = "patients.csv"


def read_patients(data: str | Path) -> dict[str, str]:
    """Read the patient of each case from ``patients.csv`` in a data folder; empty without that file.

    Raises
    ------
    InputError
        The file has not the columns ``case`` and ``patient``.
    """
    path = Path(data) / NAME
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [(row["case"].strip(), row["patient"].strip()) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError, AttributeError, csv.Error) as error:
        raise InputError("expected a table with the columns 'case' and 'patient'", path, "correct it") from error
    return {case: patient for case, patient in rows if case and patient}


def same_patient(one: str, other: str) -> bool:
    """Tell whether two names may be of one patient: all parts of one of them stand in the other.

    Parts are runs of letters and runs of digits, without case and leading zeros: ``lidc-0001`` and ``LIDC-IDRI-0001``
    may be, ``lidc-0001`` and ``LIDC-IDRI-0011`` may not. It rather takes two patients for one than one for two.
    """
    first, second = _parts(one), _parts(other)
    return bool(first and second) and (first <= second or second <= first)


def among(name: str, patients: Iterable[str]) -> bool:
    """Tell whether ``name`` may be one of ``patients``."""
    return any(same_patient(name, patient) for patient in patients)


def _parts(name: str) -> set[str]:
    parts = re.findall(r"\d+|[^\W\d_]+", name.casefold())
    return {part.lstrip("0") or "0" for part in parts}
