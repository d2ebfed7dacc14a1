"""A report as tables: one row for each lesion, and a summary; as rows for a spreadsheet too."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from .format import has_lesions, name_of

_LESION_COLUMNS = (
    # heading, key in the report
    ("Volume (mL)", "volume_ml"),
    ("Long axis (mm)", "long_axis_mm"),
    ("Short axis (mm)", "short_axis_mm"),
    ("3D diameter (mm)", "diameter_3d_mm"),
    ("Mean (HU)", "mean_hu"),
    ("SD (HU)", "sd_hu"),
    ("Confidence", "confidence"),
)
_OF_LESIONS = ("long_axis_mm", "recist_relative_error", "false_positives")
_SUMMARY_ROWS = (
    # part of the report, key, measure, unit
    ("total", "count", "Lesions", ""),
    ("total", "volume_ml", "Volume", "mL"),
    ("total", "long_axis_mm", "Longest axis", "mm"),
    ("total", "sum_of_long_axes_mm", "Sum of long axes", "mm"),
    ("reference", "volume_ml", "Volume of the reference", "mL"),
    ("reference", "long_axis_mm", "Longest axis of the reference", "mm"),
    ("reference", "dice", "Dice", ""),
    ("reference", "relative_volume_error", "Relative volume error", ""),
    ("reference", "recist_relative_error", "RECIST relative error", ""),
    ("reference", "hd95_mm", "HD95", "mm"),
    ("reference", "surface_dice_1mm", "Surface Dice at 1 mm", ""),
    ("reference", "false_positives", "False positives", ""),
)
_ORGAN_ROWS = tuple(row for row in _SUMMARY_ROWS if row[0] == "reference" and row[1] not in _OF_LESIONS)
SUMMARY_HEADINGS = ("Measure", "Value", "Unit")
_DISCLAIMER = "Not for clinical use."


def lesion_columns(lesions: list[dict]) -> dict[str, list]:
    """Return a report's lesions as columns by heading, numbers with the unit in the heading; centroids are RAS.

    NaN stands for what cannot be said of a lesion; what is known of none has no column.
    """
    columns: dict[str, list] = {"Lesion": [lesion.get("number", k) for k, lesion in enumerate(lesions, start=1)]}
    for heading, key in _LESION_COLUMNS:
        values = [lesion.get(key) for lesion in lesions]
        if any(value is not None for value in values) or (not lesions and key in ("volume_ml", "long_axis_mm")):
            columns[heading] = [float("nan") if value is None else float(value) for value in values]
    for axis, (name, sign) in enumerate(zip("RAS", (-1.0, -1.0, 1.0), strict=True)):
        columns[f"{name} (mm)"] = [sign * lesion["centroid_lps_mm"][axis] for lesion in lesions]
    if any(_adjusted(lesion) for lesion in lesions):
        columns["Adjusted by hand"] = [_adjusted(lesion) for lesion in lesions]
    return columns


def summary_rows(report: dict) -> list[tuple[str, str, str]]:
    """Return a report's summary as rows (measure, value, unit); "none" is a measure without a value.

    The report's notes, below, say why.
    """
    segments = report["segments"]
    wanted = _SUMMARY_ROWS if has_lesions(segments) else _ORGAN_ROWS
    rows = [
        (measure, "none" if (value := report[part][key]) is None else f"{value:.6g}", unit)
        for part, key, measure, unit in wanted
        if part in report and key in report[part]
    ]
    rows += [(f"Volume of {name_of(one)}", f"{one['volume_ml']:.6g}", "mL") for one in segments if not one["lesion"]]
    notes = [*report.get("reference", {}).get("notes", []), *report.get("notes", [])]
    return rows + [("Note", note, "") for note in notes]


def report_text(report: dict, delimiter: str = "\t") -> str:
    """Return a report as a table of lesions, an empty line, and a summary, for a spreadsheet.

    Parameters
    ----------
    report : dict
        As `LungTumorSegLib.measurements.measure` or the scene's logic returns it.
    delimiter : str
        Between columns: a tabulator for the clipboard, a comma for CSV.
    """
    columns = lesion_columns(report["lesions"])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    writer.writerow([])
    writer.writerow(SUMMARY_HEADINGS)
    writer.writerows(summary_rows(report))
    writer.writerow([_DISCLAIMER])
    return text.getvalue()


def write_csv(path: str | Path, report: dict) -> None:
    """Write `report_text` with commas to a file, whole or not at all.

    Raises
    ------
    InputError
        The place cannot be written to, or the name does not end in ``.csv``.
    """
    from ..errors import InputError
    from ..volume.files import atomic_path, full_suffix

    if full_suffix(path) != ".csv":
        raise InputError("is not a name for a CSV file", path, "end it in .csv")
    with atomic_path(path) as temporary:
        temporary.write_text(report_text(report, ","), encoding="utf-8", newline="")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)


def _adjusted(lesion: dict) -> str:
    return ", ".join(axis for axis in ("long", "short") if lesion.get(f"{axis}_axis_adjusted"))
