"""A run's history: ``metrics.jsonl``, one JSON object a line."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

from ...errors import InputError
from ...volume.files import append_line, write_text
from .reports import EpochReport, StepReport, ValidationReport

NAME = "metrics.jsonl"
ROWS = 2000  # of steps, about, that a long run gets


class History:
    """Writes the rows; an `LungTumorSegLib.training.watching.reports.Observer`.

    A row of ``"kind": "step"`` has ``step``, ``loss`` (mean of the last ``steps`` steps, of those whose loss was
    finite), ``learning_rate`` and ``patches_per_second``; one of ``"kind": "validation"`` has ``step``, ``seconds``,
    ``summary`` and ``cases``; one of ``"kind": "epoch"`` what `EpochReport` holds, after the epoch's last ``step``.

    Parameters
    ----------
    folder : Path
        The run's.
    steps : int
        Of the whole run.
    first_step, validated_step : int
        The step that the run goes on from, and that of its last validation then. Rows of later ones, which the run
        had done before it was stopped and does again, are taken out.
    """

    def __init__(self, folder: Path, steps: int, first_step: int = 0, validated_step: int = 0):
        self.path = folder / NAME
        self.every = steps_between_rows(steps)
        self._losses: list[float] = []
        if self.path.exists():
            keep_until(self.path, first_step, validated_step)

    def stepped(self, report: StepReport) -> None:
        """Write a row every so many steps, and at the last one."""
        self._losses.append(report.loss)
        if report.step % self.every == 0 or report.step == report.steps:
            self._write_steps(report)
        if report.epoch:
            append_line(self.path, _as_json({"kind": "epoch", "step": report.step, **_rounded(report.epoch)}))

    def _write_steps(self, report: StepReport) -> None:
        finite = [loss for loss in self._losses if math.isfinite(loss)]
        row = {
            "kind": "step",
            "step": report.step,
            "loss": _number(math.fsum(finite) / len(finite)) if finite else None,
            "steps": len(self._losses),
            "learning_rate": _number(report.learning_rate),
            "patches_per_second": _number(report.patches_per_second),
        }
        self._losses.clear()
        append_line(self.path, _as_json(row))

    def validated(self, report: ValidationReport) -> None:
        """Write a row."""
        row = {
            "kind": "validation",
            "step": report.step,
            "seconds": round(report.seconds, 2),
            "summary": report.summary,
            "cases": [asdict(score) for score in report.scores],
        }
        append_line(self.path, _as_json(row))

    def closed(self) -> None:
        """Every row is already written."""


def steps_between_rows(steps: int) -> int:
    """Return how many steps of a run of ``steps`` share a row; short runs have one a step."""
    return max(1, steps // ROWS)


def read_history(folder: str | Path) -> list[dict]:
    """Read a run's rows; a last one that was cut short (the run was killed while writing it) does not count.

    Raises
    ------
    InputError
        The file cannot be read; or the line that is no JSON object.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return []
    try:
        *whole, _torn = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path, "restore it from a copy, or remove it") from error
    rows = []
    for number, line in enumerate(whole, 1):
        try:
            row = json.loads(line)
            rows.append({**row, "step": int(row["step"])})
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"line {number} is damaged", path, "take it out") from error
    return rows


def keep_until(path: Path, step: int, validated_step: int) -> None:
    """Take out the rows of steps after ``step`` and of validations after another, and a last row cut short."""
    last = {"step": step, "validation": validated_step}
    rows = [row for row in read_history(path.parent) if row["step"] <= last.get(row.get("kind"), step)]
    write_text(path, "".join(_as_json(row) + "\n" for row in rows))


def _as_json(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


def _rounded(report: EpochReport) -> dict:
    def one(value):
        return (
            {name: one(inner) for name, inner in value.items()}
            if isinstance(value, dict)
            else (_number(value) if isinstance(value, float) else value)
        )

    return one(asdict(report))


def _number(value: float) -> float | None:
    """Six significant digits; JSON has neither NaN nor infinity."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
