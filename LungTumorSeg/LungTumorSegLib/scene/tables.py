"""Measurements as table nodes: one row for each lesion, and a summary."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from .companions import Companions
from .geometry import lps_to_ras

_LESION_COLUMNS = (
    # heading, key in the report
    ("Volume (mL)", "volume_ml"),
    ("Long axis (mm)", "long_axis_mm"),
    ("Short axis (mm)", "short_axis_mm"),
    ("3D diameter (mm)", "diameter_3d_mm"),
    ("Mean (HU)", "mean_hu"),
    ("SD (HU)", "sd_hu"),
)
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


def fill_tables(companions: Companions, segment_name: str, report: dict) -> set[str]:
    """Write a report into the segment's two tables, which are made at the first time.

    Columns of lesions hold numbers, with the unit in the heading; centroids are RAS, as in Slicer's views. In the
    summary, "none" stands for a measure without a value; the report's notes, below, say why.

    Returns
    -------
    set of str
        The keys of the tables.
    """
    lesions = companions.get("lesions", "vtkMRMLTableNode", f"{segment_name} lesions")
    _fill(lesions, _lesion_columns(report["lesions"]))
    summary = companions.get("summary", "vtkMRMLTableNode", f"{segment_name} summary")
    _fill(summary, _summary_columns(report))
    return {"lesions", "summary"}


def _lesion_columns(lesions: list[dict]) -> dict[str, list]:
    columns: dict[str, list] = {"Lesion": list(range(1, len(lesions) + 1))}
    for heading, key in _LESION_COLUMNS:
        if all(key in lesion for lesion in lesions):
            columns[heading] = [float(lesion[key]) for lesion in lesions]
    centroids = lps_to_ras(np.array([lesion["centroid_lps_mm"] for lesion in lesions]).reshape(-1, 3))
    for axis, values in zip("RAS", centroids.T, strict=True):
        columns[f"{axis} (mm)"] = values.tolist()
    return columns


def _summary_columns(report: dict) -> dict[str, list[str]]:
    rows = [
        (measure, _text(report[part][key]), unit)
        for part, key, measure, unit in _SUMMARY_ROWS
        if part in report and key in report[part]
    ]
    rows += [("Note", note, "") for note in [*report.get("reference", {}).get("notes", []), *report["notes"]]]
    return {heading: [row[k] for row in rows] for k, heading in enumerate(("Measure", "Value", "Unit"))}


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _fill(table: slicer.vtkMRMLTableNode, columns: dict[str, list]) -> None:
    """Replace all columns; observers hear of it once."""
    was_modifying = table.StartModify()
    try:
        table.RemoveAllColumns()
        for heading, values in columns.items():
            column = _column(values)
            column.SetName(heading)
            table.AddColumn(column)
    finally:
        table.EndModify(was_modifying)


def _column(values: list) -> vtk.vtkAbstractArray:
    if values and isinstance(values[0], str):
        column = vtk.vtkStringArray()
        for value in values:
            column.InsertNextValue(value)
        return column
    return numpy_support.numpy_to_vtk(np.array(values), deep=True)
