"""Scores of the class that is told of each case: confusion, F1 of each class, and their mean.

A case in which no lesion was found has no class told: it counts as missed for its own class, and against no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import numpy as np

NOTHING = "nothing found"


@dataclass(frozen=True)
class CaseSubtype:
    """The class of one case.

    Attributes
    ----------
    case : str
    reference : int
    predicted : int or None
        None where no lesion was found.
    probabilities : list of float
        Of each class; empty where no lesion was found.
    """

    case: str
    reference: int
    predicted: int | None
    probabilities: list


def confuse_subtypes(rows: list[CaseSubtype], classes: int) -> np.ndarray:
    """Count cases: a row for each class, a column for each that was told, and a last one for none."""
    matrix = np.zeros((classes, classes + 1), dtype=int)
    for row in rows:
        matrix[row.reference, classes if row.predicted is None else row.predicted] += 1
    return matrix


def f1_of_each_class(matrix: np.ndarray) -> list[float | None]:
    """Return the F1 of each class, 2 TP / (2 TP + FP + FN); None for one that neither is nor was told.

    Parameters
    ----------
    matrix : int ndarray of shape (classes, classes) or (classes, classes + 1)
        Rows of the reference, columns of the prediction; a further column of what has none.
    """
    classes = len(matrix)
    right = np.diag(matrix[:, :classes])
    both = matrix.sum(axis=1) + matrix[:, :classes].sum(axis=0)
    return [float(2 * r / b) if b else None for r, b in zip(right.tolist(), both.tolist(), strict=True)]


def macro_f1(matrix: np.ndarray) -> float | None:
    """Return the mean F1 of the classes that are or were told, each as weighty; None where there is no case."""
    values = [value for value in f1_of_each_class(matrix) if value is not None]
    return fmean(values) if values else None


def summarize_subtypes(rows: list[CaseSubtype], names: dict[int, str]) -> dict:
    """Sum up over the cases of a data set.

    Returns
    -------
    dict
        ``names``; ``cases`` (all that have a class); ``confusion`` (rows of the reference, columns of the prediction,
        the last of cases in which nothing was found); ``f1`` of each class; ``macro_f1``; ``accuracy``.
    """
    matrix = confuse_subtypes(rows, len(names))
    total = int(matrix.sum())
    return {
        "names": [names[k] for k in sorted(names)],
        "cases": total,
        "confusion": matrix.tolist(),
        "f1": f1_of_each_class(matrix),
        "macro_f1": macro_f1(matrix),
        "accuracy": float(np.trace(matrix) / total) if total else None,
    }


def subtype_table(summary: dict) -> str:
    """Lay the confusion out as a Markdown table with the F1 of each class, and the mean below."""
    from .tables import figure, markdown

    names, matrix = summary["names"], summary["confusion"]
    columns = ("class", *(f"told {name.lower()}" for name in names), NOTHING, "F1")
    rows = [
        (name, *map(str, counts), figure(f1, 3)) for name, counts, f1 in zip(names, matrix, summary["f1"], strict=True)
    ]
    mean, accuracy = figure(summary["macro_f1"], 3), figure(summary["accuracy"], 3)
    return f"{markdown(columns, rows)}\nMacro-averaged F1 {mean}, accuracy {accuracy}."
