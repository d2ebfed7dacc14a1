"""Tables: what stands on a terminal, and CSV read back by Python's own reader."""

from __future__ import annotations

import csv

from LungTumorSegLib.evaluation import DataSetScores, FalsePositive, as_table
from LungTumorSegLib.evaluation.tables import write_case_csv, write_lesion_csv
from support.scores import case_score, lesion_score

AWKWARD = 'left, "upper"\nlobe; ü'


def read(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_table_has_a_row_a_case_and_says_what_has_no_value():
    lines = as_table([case_score("a", dice=0.812, lesions=1, lesions_found=1), case_score("b")]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1  # the columns are aligned
    assert [cell.strip() for cell in lines[2].split("|")[1:5]] == ["a", "5.0", "0.0", "0.812"]
    assert [cell.strip() for cell in lines[3].split("|")[1:5]] == ["b", "0.0", "0.0", "–"]


def test_a_name_cannot_break_the_table():
    lines = as_table([case_score("a|b\nc")]).splitlines()
    assert len(lines) == 3
    assert "a\\|b c" in lines[2]


def test_of_many_cases_the_worst_are_shown_in_the_order_of_the_data():
    scores = [case_score(f"case {k:03d}", dice=(k * 37 % 100) / 100, lesions=1) for k in range(100)]
    scores.append(case_score("well", false_positives=9))
    lines = as_table(scores, most=5).splitlines()
    shown = [line.split("|")[1].strip() for line in lines[2:-1]]
    assert shown == sorted(score.case for score in scores if score.has_tumor and score.dice < 0.05)
    assert "5 worst of 101" in lines[-1]
    assert len(as_table(scores).splitlines()) == 2 + 101


def test_case_table_read_back(tmp_path):
    scores = [case_score(AWKWARD, dice=0.25, lesions=2, slice_spacing_mm=2.5), case_score("=1+1")]
    write_case_csv(tmp_path / "cases.csv", scores)
    first, second = read(tmp_path / "cases.csv")
    assert first["case"] == AWKWARD
    assert float(first["dice"]) == 0.25
    assert first["slice_spacing_mm"] == "2.5"
    assert first["hd95_mm"] == second["dice"] == ""
    assert second["case"] == "=1+1"


def test_lesion_table_read_back(tmp_path):
    scores = DataSetScores(
        lesions=[lesion_score(AWKWARD, dice=0.6)],
        false_positives=[FalsePositive("b", 0.5, 9.0, None, None, None, None)],
    )
    write_lesion_csv(tmp_path / "lesions.csv", scores)
    lesion, false = read(tmp_path / "lesions.csv")
    assert (lesion["kind"], lesion["case"], lesion["found"], lesion["depth"]) == ("lesion", AWKWARD, "True", "central")
    assert (false["kind"], false["volume_ml"], false["side"], false["dice"]) == ("false positive", "0.5", "", "")
