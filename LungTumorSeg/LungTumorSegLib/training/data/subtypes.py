"""The table that tells the class (the subtype, say) of each case of a data set.

``subtype_mapping.json`` beside the data set's listing, in one of the forms that are about::

    {"CASE": 0, …}
    {"CASE": {"subtype": 0, "split": "train"}, …}         split may be "validation" or "test"
    {"mapping": {…either of these…}, …}

or ``subtype_mapping.csv`` with the columns ``case`` and ``subtype``, and ``split`` if there is one.
"""

from __future__ import annotations

import csv
import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError
from ...recipe.schema import Classification, Recipe
from ...recipe.schema.classification import BALANCED
from ...wording import counted, first_names
from .cache import read_index
from .case_files import CaseFiles

log = logging.getLogger(__name__)

JSON, CSV = "subtype_mapping.json", "subtype_mapping.csv"
HELD_OUT, TEST = "validation", "test"
SPLITS = ("train", HELD_OUT, TEST)
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Entry:
    """A row of the table: a class, and the part of the data set that the case belongs to, if that is told."""

    subtype: int
    split: str | None = None


def with_subtypes(
    cases: list[CaseFiles], folder: Path, classification: Classification, *, allow_missing: bool = False
) -> list[CaseFiles]:
    """Return the cases with the class that the data set's table tells of each.

    Parameters
    ----------
    cases : list of CaseFiles
    folder : Path
        The data set's.
    classification : Classification
        The recipe's: the classes that there are.
    allow_missing : bool
        Let a case pass that the table does not name: it teaches the mask alone, and the log says so. A data set
        without any table passes likewise.

    Raises
    ------
    InputError
        There is no table or two; a case has no class or one that the recipe does not know; the table names a case that
        is not there, or one twice.
    """
    path = _table_in(folder, allow_missing)
    if path is None:
        log.warning("there is no table of subtypes (%s), so no class is learned or scored", JSON)
        return cases
    table = _read(path)
    _check(table, {case.name for case in cases}, path, classification, allow_missing)
    return [_told(case, table.get(case.name)) for case in cases]


def knows_subtypes(folder: Path) -> bool:
    """Tell whether a data set, or a cache, tells the class of its cases."""
    index = read_index(folder)
    return bool(index.subtypes) if index else any((folder / name).is_file() for name in (JSON, CSV))


def balanced(recipe: Recipe, subtypes: Sequence[int | None]) -> Recipe:
    """Return the recipe with class weights in numbers where it says ``balanced``.

    A class weighs ``n / (C n_k)`` for ``n_k`` of ``n`` training cases, of ``C`` classes that they have; one without
    any weighs 0.

    Parameters
    ----------
    recipe : Recipe
    subtypes : sequence of int or None
        Of each training case.
    """
    if recipe.classification is None or recipe.training.classification.class_weights != BALANCED:
        return recipe
    classes = len(recipe.classification.names)
    counts = Counter(subtype for subtype in subtypes if subtype is not None)
    if missing := [recipe.classification.names[k] for k in range(classes) if not counts[k]]:
        log.warning("no case to train on is of class %s, so it is not learned", " or ".join(missing))
    weights = [round(counts.total() / (len(counts) * counts[k]), 6) if counts[k] else 0.0 for k in range(classes)]
    content = recipe.model_dump(mode="json")
    content["training"]["classification"]["class_weights"] = weights
    return Recipe.model_validate(content)


def _told(case: CaseFiles, entry: Entry | None) -> CaseFiles:
    if entry is None:
        return case
    return replace(case, subtype=entry.subtype, held_out=entry.split == HELD_OUT, for_testing=entry.split == TEST)


def _table_in(folder: Path, allow_missing: bool) -> Path | None:
    found = [path for path in (folder / JSON, folder / CSV) if path.is_file()]
    if len(found) == 2:
        raise InputError(f"there are two tables of subtypes, {JSON} and {CSV}", folder, "keep one of them")
    if found or allow_missing:
        return found[0] if found else None
    there = first_names(sorted(path.name for path in folder.iterdir()), NAMES_SHOWN) or "nothing"
    what = f"there is no table of subtypes: expected {JSON} or {CSV}, found {there}"
    raise InputError(what, folder, "add it, or take a recipe without classification")


def _read(path: Path) -> dict[str, Entry]:
    try:
        rows = _json_rows(path) if path.suffix == ".json" else _csv_rows(path)
        table: dict[str, Entry] = {}
        for case, entry in rows:
            if case in table:
                raise InputError(f"the case {case} stands twice in the table", path, "keep one row")
            table[case] = _entry(case, entry, path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        expected = '{"CASE": 0, …}' if path.suffix == ".json" else "the columns case and subtype"
        what = f"this is no table of subtypes: expected {expected}, found {_reason(error)}"
        raise InputError(what, path, "correct it") from error
    return table


def _reason(error: Exception) -> str:
    return f"none of the key {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__


def _json_rows(path: Path) -> list[tuple[str, object]]:
    """Return the rows of a table in JSON: its objects as lists of pairs, since a name may stand in it twice."""
    content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_Pairs)
    if not isinstance(content, _Pairs):
        raise ValueError(f"a JSON {type(content).__name__}")
    nested = [value for key, value in content if key == "mapping" and isinstance(value, _Pairs)]
    return list(nested[0] if nested else content)


class _Pairs(list):
    """An object of JSON: its (key, value) pairs."""


def _csv_rows(path: Path) -> list[tuple[str, object]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise ValueError(f"in row {number} another number of columns than headings")
    rows = [{key: value.strip() for key, value in row.items()} for row in rows]
    return [(row["case"], _Pairs(row.items())) for row in rows]


def _entry(case: str, told: object, path: Path) -> Entry:
    """Take a class out of what a table tells of a case: a number, or an object with ``subtype`` and ``split``."""
    fields = dict(told) if isinstance(told, _Pairs) else {"subtype": told}
    value, split = fields["subtype"], fields.get("split") or None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is not int:
        raise InputError(f"the class of case {case} is {value!r}: expected a whole number", path, "correct it")
    if split not in (None, *SPLITS):
        raise InputError(f"the split of case {case} is {split!r}: expected {', '.join(SPLITS)}", path, "correct it")
    return Entry(value, split)


def _check(
    table: dict[str, Entry], names: set[str], path: Path, classification: Classification, allow_missing: bool
) -> None:
    """Compare the table with the cases and with the recipe."""
    for case, entry in table.items():
        if entry.subtype not in classification.names:
            most = len(classification.names) - 1
            what = f"the class of case {case} is {entry.subtype}: the recipe knows 0 to {most}"
            raise InputError(what, path, "correct it, or the recipe's classification.names")
    unknown = sorted(case for case, entry in table.items() if case not in names and entry.split != TEST)
    if unknown and not allow_missing:
        what = f"the table names {_cases(unknown)} that {_is(unknown)} not in the data set, which has {_cases(names)}"
        raise InputError(what, path, "restore the files, or take them out of the table")
    without = sorted(names - set(table))
    if without and not allow_missing:
        what = f"the table names no class for {_cases(without)}"
        do = "add it; prepare and train can pass over it by --skip-bad: it then teaches the mask alone"
        raise InputError(what, path, do)
    if without:
        log.warning(
            "%s has no class for %s: they teach, and are scored by, the mask alone", path.name, _cases(without)
        )


def _cases(names: Iterable[str]) -> str:
    names = sorted(names)
    return f"{counted(len(names), 'case')} ({first_names(names, NAMES_SHOWN)})"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
