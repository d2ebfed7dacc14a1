"""The scores of a whole data set: gathered case by case, and written down so that they can be taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import get_args, get_type_hints

from ..errors import InputError
from .classes import CaseConfusion
from .intervals import Bootstrap
from .lesions import FalsePositive, LesionScore
from .scores import CaseScore, confidence_intervals, summarize
from .slices import SliceScore, summarize_slices
from .strata import stratify
from .subtypes import CaseSubtype


@dataclass
class DataSetScores:
    """Scores of the cases so far.

    Attributes
    ----------
    cases : list of CaseScore
    lesions : list of LesionScore
        Of all cases, in their order.
    false_positives : list of FalsePositive
    slices : list of SliceScore
        Where the recipe asks for them.
    confusions : list of CaseConfusion
        Where the recipe has several labels.
    subtypes : list of CaseSubtype
        Where the recipe tells classes, and the data set too.
    """

    cases: list[CaseScore] = field(default_factory=list)
    lesions: list[LesionScore] = field(default_factory=list)
    false_positives: list[FalsePositive] = field(default_factory=list)
    slices: list[SliceScore] = field(default_factory=list)
    confusions: list[CaseConfusion] = field(default_factory=list)
    subtypes: list[CaseSubtype] = field(default_factory=list)

    def add(
        self,
        case: CaseScore,
        lesions: list[LesionScore],
        false_positives: list[FalsePositive],
        slices: Sequence[SliceScore] = (),
        confusions: Sequence[CaseConfusion] = (),
        subtypes: Sequence[CaseSubtype] = (),
    ) -> None:
        """Add a case."""
        self.cases.append(case)
        self.lesions.extend(lesions)
        self.false_positives.extend(false_positives)
        self.slices.extend(slices)
        self.confusions.extend(confusions)
        self.subtypes.extend(subtypes)

    def sort(self, order: Sequence[str]) -> None:
        """Bring the cases, and what belongs to them, into the order of these names."""
        place = {name: number for number, name in enumerate(order)}
        for part in ROWS:
            getattr(self, part).sort(key=lambda row: place[row.case])

    def rows(self) -> dict:
        """Return ``cases``, ``lesions`` and ``false_positives`` as lists of dicts, as JSON takes them.

        ``slices``, ``confusions`` and ``subtypes`` come along where there are any.
        """
        parts = [part for part in ROWS if part not in OPTIONAL or getattr(self, part)]
        return {part: [asdict(row) for row in getattr(self, part)] for part in parts}

    def as_dict(self, bootstrap: Bootstrap) -> dict:
        """Return what `evaluate` reports: the rows, ``summary``, ``confidence_intervals`` and ``strata``.

        With slices, ``slice_summary`` too.
        """
        rows = self.rows()
        slices = {"slice_summary": summarize_slices(self.slices)} if self.slices else {}
        return {
            "cases": rows.pop("cases"),
            "summary": summarize(self.cases),
            "confidence_intervals": bootstrap.describe() | confidence_intervals(self.cases, bootstrap),
            "strata": stratify(self.cases, self.lesions, bootstrap),
            **slices,
            **rows,
        }

    @classmethod
    def from_rows(cls, report: dict, where: str | Path) -> DataSetScores:
        """Take the scores out of a report again.

        Raises
        ------
        InputError
            The report, named by ``where``, does not hold such rows.
        """
        try:
            parts = {part: kind for part, kind in ROWS.items() if part not in OPTIONAL or part in report}
            return cls(**{part: [_row(kind, row) for row in report[part]] for part, kind in parts.items()})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("does not hold the scores of an evaluation", where, "score the cases anew") from error


ROWS = {
    "cases": CaseScore,
    "lesions": LesionScore,
    "false_positives": FalsePositive,
    "slices": SliceScore,
    "confusions": CaseConfusion,
    "subtypes": CaseSubtype,
}
OPTIONAL = {"slices", "confusions", "subtypes"}


def _row(kind: type, row: dict):
    """Make a row of its JSON object; every field must be there with its type."""
    hints = get_type_hints(kind)
    for one in fields(kind):
        allowed = get_args(hints[one.name]) if isinstance(hints[one.name], UnionType) else (hints[one.name],)
        value = row[one.name]
        if not (type(value) in allowed or (float in allowed and type(value) is int)):
            raise ValueError(f"{one.name} is {value!r}")
    return kind(**row)
