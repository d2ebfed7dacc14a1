"""Two models side by side: every case and stratum in its row, each figure in its model's column."""

from __future__ import annotations

import pytest

from benchmark.compare_models import case_table, read_arguments, strata_table, summary_table
from LungTumorSegLib.evaluation import Bootstrap, DataSetScores
from support.scores import case_score, lesion_score


def report_of(dice: float, false_positives: int) -> dict:
    """An evaluation of two cases, one with a lesion that was found if there is any Dice."""
    found = int(dice > 0)
    cases = [
        case_score("sick", dice=dice, reference_ml=4.0, lesions=1, lesions_found=found, slice_spacing_mm=2.0),
        case_score("well", false_positives=false_positives, slice_spacing_mm=1.0),
    ]
    return DataSetScores(cases, [lesion_score("sick", dice=dice, long_axis_mm=25.0)]).as_dict(Bootstrap(0))


@pytest.fixture
def reports() -> dict[str, dict]:
    return {"one": report_of(0.8, 0), "other": report_of(0.0, 3)}


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "---" not in line]


def test_each_case_has_a_row_for_each_model(reports):
    columns, *rows = rows_of(case_table(reports))
    assert [row[:3] for row in rows] == [
        ["sick", "4.0", "one"],
        ["", "", "other"],
        ["well", "0.0", "one"],
        ["", "", "other"],
    ]
    assert [row[columns.index("Dice")] for row in rows] == ["0.800", "0.000", "–", "–"]
    assert [row[columns.index("lesions found")] for row in rows[:2]] == ["1 of 1", "0 of 1"]
    assert [row[columns.index("false positives")] for row in rows] == ["0", "0", "0", "3"]


def test_strata_with_a_lesion_stand_side_by_side(reports):
    columns, *rows = rows_of(strata_table(reports))
    assert columns == ["", "one: found", "one: mean lesion Dice", "other: found", "other: mean lesion Dice"]
    assert {row[0] for row in rows} >= {"slice spacing: 1.5–3 mm", "long axis: 20–30 mm", "side: left"}
    assert "slice spacing: ≤ 1.5 mm" not in {row[0] for row in rows}
    assert all(row[1:] == ["1 of 1", "0.800", "0 of 1", "0.000"] for row in rows)


def test_the_summary_has_a_column_for_each_model(reports):
    columns, *rows = rows_of(summary_table(reports))
    assert columns == ["", "one", "other"]
    assert dict(zip([row[0] for row in rows], [row[1:] for row in rows], strict=True))["mean Dice"] == ["0.80", "0.00"]


def test_two_models_of_one_name_are_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        read_arguments(["data", "-o", "out", "--model", "a/model", "--model", "b/model"])
    assert "two models have the same name" in capsys.readouterr().err
