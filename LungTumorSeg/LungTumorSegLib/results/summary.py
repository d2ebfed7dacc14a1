"""The summary of a folder of CTs: one row of a CSV file for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..volume.files import atomic_path

SUMMARY = "lungtumorseg_summary.csv"
COLUMNS = (
    "case", "ct", "series", "status", "lesions", "volume_ml", "long_axis_mm", "sum_of_long_axes_mm", "diameter_3d_mm",
    "segments", "seconds", "mask", "report", "reason",
)  # fmt: skip
EARLIER_COLUMNS = tuple(name for name in COLUMNS if name != "segments")


def check_summary(path: Path) -> None:
    """Raise `InputError` if a file that is no summary is in the way."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            heading = next(csv.reader(file), [])
        if tuple(heading) not in (COLUMNS, EARLIER_COLUMNS):
            raise InputError("is in the way and is no summary", path, "move it, or choose another folder")


def write_summary(path: Path, rows: Sequence[dict]) -> None:
    """Write the rows, whole or not at all; lengths in mm, volumes in mL, empty where there is nothing to say."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(row[name]) for name in COLUMNS} for row in rows)
    with atomic_path(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8", newline="")


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
