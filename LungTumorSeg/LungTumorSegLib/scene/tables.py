"""Measurements as table nodes: one row for each lesion, and a summary."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..measurements.format import has_lesions
from ..measurements.table import SUMMARY_HEADINGS, lesion_columns, summary_rows
from .companions import Companions


def fill_tables(companions: Companions, segment_name: str, report: dict) -> set[str]:
    """Write a report into the segment's two tables, which are made at the first time; an organ has a summary only.

    Columns of lesions hold numbers, with the unit in the heading; centroids are RAS, as in Slicer's views. In the
    summary, "none" stands for a measure without a value; the report's notes, below, say why.

    Returns
    -------
    set of str
        The keys of the tables.
    """
    summary = companions.get("summary", "vtkMRMLTableNode", f"{segment_name} summary")
    _fill(summary, _columns(summary_rows(report), SUMMARY_HEADINGS))
    if not has_lesions(report["segments"]):
        return {"summary"}
    lesions = companions.get("lesions", "vtkMRMLTableNode", f"{segment_name} lesions")
    _fill(lesions, lesion_columns(report["lesions"]))
    return {"lesions", "summary"}


def _columns(rows: list[list[str]], headings: tuple[str, ...]) -> dict[str, list[str]]:
    return {heading: [row[k] for row in rows] for k, heading in enumerate(headings)}


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
