"""Scores: what counts, and what does not."""

from __future__ import annotations

import pytest

from LungTumorSegLib.evaluation import CaseScore, as_table, summarize


def score(case: str, **values) -> CaseScore:
    nothing = dict.fromkeys(
        ("dice", "relative_volume_error", "recist_relative_error", "hd95_mm", "surface_dice_1mm"), None
    )
    counts = {"reference_ml": 0.0, "predicted_ml": 0.0, "lesions": 0, "lesions_found": 0, "false_positives": 0}
    return CaseScore(**{"case": case, "seconds": 1.0, **nothing, **counts, **values})


def test_tumor_free_scans_count_for_false_positives_and_not_for_dice():
    scores = [
        score("a", dice=0.8, lesions=1, lesions_found=1, false_positives=1),
        score("b", dice=0.4, lesions=3, lesions_found=1),
        # What the network finds in a scan without tumour has Dice 0 with nothing; that is no overlap to be averaged.
        score("c", dice=0.0, false_positives=3),
        score("d"),
    ]
    summary = summarize(scores)
    assert summary["mean_dice"] == pytest.approx(0.6)
    assert summary["median_dice"] == pytest.approx(0.6)
    assert summary["sensitivity"] == pytest.approx(0.5)
    assert summary["false_positives_per_scan"] == pytest.approx(1.0)
    assert summary["false_positives_per_tumor_free_scan"] == pytest.approx(1.5)
    assert summary["mean_hd95_mm"] is None


def test_no_cases_give_no_figures():
    summary = summarize([])
    assert summary["cases"] == 0
    assert summary["mean_dice"] is summary["sensitivity"] is summary["false_positives_per_scan"] is None


def test_table_has_a_row_a_case_and_says_what_has_no_value():
    lines = as_table([score("a", dice=0.812, lesions=1, lesions_found=1), score("b")]).splitlines()
    assert len(lines) == 4
    assert "| a | 0.0 | 0.0 | 0.812 | – |" in lines[2]
    assert "| b | 0.0 | 0.0 | – |" in lines[3]
