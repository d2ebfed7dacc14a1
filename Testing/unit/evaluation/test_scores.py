"""Scores: what counts, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.evaluation import score_case, summarize
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.volume import Grid, Volume
from support.scores import case_score


def test_tumor_free_scans_count_for_false_positives_and_not_for_dice():
    scores = [
        case_score("a", dice=0.8, lesions=1, lesions_found=1, false_positives=1),
        case_score("b", dice=0.4, lesions=3, lesions_found=1),
        case_score("c", false_positives=3),
        case_score("d"),
    ]
    summary = summarize(scores)
    assert summary["mean_dice"] == pytest.approx(0.6)
    assert summary["median_dice"] == pytest.approx(0.6)
    assert summary["sensitivity"] == pytest.approx(0.5)
    assert summary["false_positives_per_scan"] == pytest.approx(1.0)
    assert summary["false_positives_per_tumor_free_scan"] == pytest.approx(1.5)
    assert summary["mean_hd95_mm"] is None


def test_what_is_found_in_a_tumor_free_scan_has_no_dice():
    grid = Grid((10, 10, 10))
    found, nothing = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    found[2:4, 2:4, 2:4] = 1
    score = score_case("well", measure(Volume(found, grid), reference=Volume(nothing, grid)), 1.0)
    assert score.dice is None
    assert score.surface_dice_1mm is None
    assert score.false_positives == 1
    assert score.predicted_ml == pytest.approx(0.008)
    missed = score_case("sick", measure(Volume(nothing, grid), reference=Volume(found, grid)), 1.0)
    assert missed.dice == 0.0


def test_no_cases_give_no_figures():
    summary = summarize([])
    assert summary["cases"] == 0
    assert summary["mean_dice"] is summary["sensitivity"] is summary["false_positives_per_scan"] is None
