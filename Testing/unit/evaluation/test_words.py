"""The sentences below an evaluation's tables."""

from __future__ import annotations

from LungTumorSegLib.evaluation import Bootstrap, DataSetScores
from LungTumorSegLib.evaluation.words import scores_in_words
from support.scores import case_score


def said(*cases) -> str:
    about = {"labels": {1: "Lung tumor"}, "lesion_labels": [1]}
    return scores_in_words(about | DataSetScores(cases=list(cases)).as_dict(Bootstrap(10, 0)))


def test_nothing_scored_is_said_without_figures():
    assert said() == "No case was scored. Not for clinical use."


def test_without_a_tumor_there_is_no_dice():
    words = said(case_score("a", false_positives=2))
    assert words.startswith(
        "No case with a tumour, so there is no Dice. False positives per scan: 2.00, on tumour-free"
    )
    assert "–" not in words


def test_without_a_tumor_free_scan_nothing_is_said_of_them():
    words = said(case_score("a", dice=0.8, lesions=1, lesions_found=1))
    assert words.startswith("1 case with a tumour: mean Dice 0.800, median 0.800, lesions found 1.00")
    assert "tumour-free" not in words


def test_dice_of_organs_is_told_where_no_lesion_is_annotated():
    words = said(case_score("a", dice=0.9), case_score("b", dice=0.7, lesions=1))
    assert words.startswith("1 case with a tumour: mean Dice 0.800, median 0.800 (over 2 cases, by all labels)")
