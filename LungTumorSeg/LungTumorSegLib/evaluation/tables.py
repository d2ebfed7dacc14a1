"""Scores as tables: Markdown for the terminal and for model cards, CSV for other programs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from ..volume.files import atomic_path
from .dataset import DataSetScores
from .intervals import Interval
from .lesions import FalsePositive, LesionScore
from .scores import CaseScore

MOST_ROWS = 30  # of cases on a terminal

CASE_COLUMNS = (
    "case",
    "reference mL",
    "found mL",
    "Dice",
    "volume error",
    "RECIST error",
    "HD95 mm",
    "lesions found",
    "false positives",
    "s",
)
OF_LESIONS = ("RECIST error", "lesions found", "false positives")
STRATUM_COLUMNS = ("", "lesions", "found", "sensitivity (95 % CI)", "IoU > 0.1", "mean lesion Dice (95 % CI)")
STRATUM_TITLES = {
    "slice_spacing": "slice spacing",
    "tumor_size": "long axis",
    "side": "side",
    "third": "third of the lungs",
    "depth": "third of the hemithorax",
    "wall": "chest wall",
}


def figure(value: float | None, digits: int = 2) -> str:
    """Write a figure, or a dash where it has no value."""
    return "–" if value is None else f"{value:.{digits}f}"


def subject_of(report: dict) -> str:
    """Say what an evaluation is about: ``a tumour``, or the organs of a recipe that has no lesions.

    Parameters
    ----------
    report : dict
        With ``labels`` (names by number) and ``lesion_labels`` of the recipe, as `evaluate` reports them.
    """
    return "a tumour" if report["lesion_labels"] else " and ".join(report["labels"].values()).lower()


def with_interval(value: float | None, interval: Interval | None, digits: int = 2) -> str:
    """Write a figure with its confidence interval, where there is one."""
    between = "" if interval is None else f" ({interval[0]:.{digits}f}–{interval[1]:.{digits}f})"
    return figure(value, digits) + between


def as_table(scores: Sequence[CaseScore], most: int | None = None, *, lesions: bool = True) -> str:
    """Lay the scores out as a Markdown table, a case a row.

    Parameters
    ----------
    scores : sequence of CaseScore
    most : int, optional
        Of more cases than these only the worst are shown: those of the lowest Dice, then tumour-free ones by their
        false positives. A line says how many are left out.
    lesions : bool
        Whether lesions are found; of organs nothing is counted, and nothing has a RECIST axis.
    """
    shown = list(scores)
    if most is not None and len(shown) > most:
        worst = sorted(shown, key=lambda score: (not score.has_tumor, score.dice or 0.0, -score.false_positives))
        shown = [score for score in shown if score in worst[:most]]
    kept = [k for k, heading in enumerate(CASE_COLUMNS) if lesions or heading not in OF_LESIONS]
    rows = [_case_row(score) for score in shown]
    lines = [markdown([CASE_COLUMNS[k] for k in kept], [[row[k] for k in kept] for row in rows])]
    if len(shown) < len(scores):
        lines.append(f"The {len(shown)} worst of {len(scores)} cases; --table or --report writes all.")
    return "\n".join(lines)


def _case_row(score: CaseScore) -> tuple[str, ...]:
    return (
        score.case,
        figure(score.reference_ml, 1),
        figure(score.predicted_ml, 1),
        figure(score.dice, 3),
        figure(score.relative_volume_error),
        figure(score.recist_relative_error),
        figure(score.hd95_mm, 1),
        f"{score.lesions_found} of {score.lesions}",
        str(score.false_positives),
        figure(score.seconds, 1),
    )


def strata_table(strata: dict[str, dict]) -> str:
    """Lay out what `LungTumorSegLib.evaluation.strata.stratify` gives; strata without a lesion are left out."""
    rows = []
    for quantity, title in STRATUM_TITLES.items():
        for name, scores in strata[quantity].items():
            if scores["lesions"]:
                rows.append(
                    (
                        f"{title}: {name}",
                        str(scores["lesions"]),
                        str(scores["lesions_found"]),
                        with_interval(scores["sensitivity"], scores["sensitivity_ci95"]),
                        figure(scores["sensitivity_iou"]),
                        with_interval(scores["mean_lesion_dice"], scores["mean_lesion_dice_ci95"]),
                    )
                )
    return markdown(STRATUM_COLUMNS, rows) if rows else ""


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out as a Markdown table whose columns are aligned: the first to the left, figures to the right."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(columns))]
    lines = [
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in cells
    ]
    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def write_case_csv(path: str | Path, scores: Sequence[CaseScore]) -> None:
    """Write a row a case: the fields of `CaseScore` by their names, empty where there is no value."""
    _write_csv(path, [one.name for one in fields(CaseScore)], [asdict(score) for score in scores])


def write_lesion_csv(path: str | Path, scores: DataSetScores) -> None:
    """Write a row a lesion: the annotated ones (``kind`` is ``lesion``), then the false positives.

    The other columns are the fields of `LesionScore`; what a false positive has not is left empty.
    """
    rows = [{"kind": "lesion"} | asdict(lesion) for lesion in scores.lesions]
    rows += [{"kind": "false positive"} | asdict(one) for one in scores.false_positives]
    names = [one.name for one in fields(LesionScore)]
    assert {one.name for one in fields(FalsePositive)} <= set(names)
    _write_csv(path, ["kind", *names], rows)


def _write_csv(path: str | Path, columns: list[str], rows: list[dict]) -> None:
    """Write as RFC 4180 has it, in UTF-8, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
