"""A report as tables: numbers with their units, and nothing said that is not known."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.measurements.table import lesion_columns, report_text, summary_rows, write_csv
from LungTumorSegLib.volume import Grid, Volume
from support.volumes import chest_volume

GRID = Grid((30, 28, 12), (2.0, 2.5, 5.0), (-30.0, -20.0, -10.0))


@pytest.fixture
def report():
    mask = np.zeros(GRID.shape, np.uint8)
    mask[2:6, 5:12, 4:14] = 1
    mask[8:10, 20:24, 20:25] = 1
    reference = np.roll(mask, 1, axis=2)
    return measure(Volume(mask, GRID), reference=Volume(reference, GRID), ct=chest_volume(GRID))


def test_columns_hold_the_lesions_and_their_places_as_slicer_shows_them(report):
    columns = lesion_columns(report["lesions"])
    assert columns["Lesion"] == [1, 2]
    assert columns["Volume (mL)"] == [lesion["volume_ml"] for lesion in report["lesions"]]
    left, posterior, superior = report["lesions"][1]["centroid_lps_mm"]
    assert [columns[f"{axis} (mm)"][1] for axis in "RAS"] == [-left, -posterior, superior]
    assert "Confidence" not in columns
    assert "Adjusted by hand" not in columns


def test_what_is_known_of_some_is_not_a_number_for_the_others(report):
    report["lesions"][0] |= {"confidence": None, "number": 2, "long_axis_adjusted": True}
    report["lesions"][1] |= {"confidence": 0.5, "number": 3}
    columns = lesion_columns(report["lesions"])
    assert columns["Lesion"] == [2, 3]
    assert math.isnan(columns["Confidence"][0])
    assert columns["Confidence"][1] == 0.5
    assert columns["Adjusted by hand"] == ["long", ""]
    assert report_text(report).splitlines()[1].split("\t")[7] == "", "a cell that says nothing"


def test_the_summary_says_none_where_there_is_no_value(report):
    report["reference"]["hd95_mm"] = None
    del report["reference"]["surface_dice_1mm"]
    report["notes"] = ["something to know"]
    rows = {row[0]: row[1:] for row in summary_rows(report)}
    assert rows["Dice"] == (f"{report['reference']['dice']:.6g}", "")
    assert rows["HD95"] == ("none", "mm")
    assert "Surface Dice at 1 mm" not in rows
    assert rows["Note"] == ("something to know", "")


def test_a_csv_file_has_the_lesions_an_empty_line_and_the_summary(report, tmp_path):
    report["notes"] = ['with a comma, and "quotes"']
    path = tmp_path / "new" / "report.csv"
    write_csv(path, report)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    empty = rows.index([])
    assert len(rows[:empty]) == 3
    assert float(rows[1][1]) == pytest.approx(report["lesions"][0]["volume_ml"], rel=1e-5)
    assert rows[empty + 1] == ["Measure", "Value", "Unit"]
    assert ["Note", 'with a comma, and "quotes"', ""] in rows
    assert rows[-1] == ["Not for clinical use."]
    assert report_text(report, ",") == path.read_text(encoding="utf-8")


def test_no_lesion_is_a_table_without_rows():
    report = measure(Volume(np.zeros(GRID.shape, np.uint8), GRID))
    lines = report_text(report).splitlines()
    assert lines[0].startswith("Lesion\tVolume (mL)")
    assert lines[1] == ""


@pytest.mark.parametrize("name", ["report.txt", "report", ".csv/"])
def test_another_name_is_refused(report, tmp_path, name):
    with pytest.raises(InputError, match="CSV"):
        write_csv(tmp_path / name, report)
    assert list(tmp_path.iterdir()) == []
