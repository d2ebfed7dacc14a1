"""F1 of classes of cases, against counts by hand; and a case in which nothing was found."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.evaluation import Bootstrap, CaseSubtype, DataSetScores, subtype_table, summarize_subtypes
from LungTumorSegLib.evaluation.subtypes import confuse_subtypes, f1_of_each_class, macro_f1

NAMES = {0: "Ductal", 1: "Cystic", 2: "Endocrine"}


def rows(pairs) -> list[CaseSubtype]:
    return [CaseSubtype(f"case_{n}", true, told, []) for n, (true, told) in enumerate(pairs)]


def test_macro_f1_is_the_mean_over_classes_by_precision_and_recall():
    rng = np.random.default_rng(0)
    true, told = rng.integers(0, 3, 40), rng.integers(0, 3, 40)
    summary = summarize_subtypes(rows(zip(true.tolist(), told.tolist(), strict=True)), NAMES)
    expected = []
    for k in range(3):
        right = ((true == k) & (told == k)).sum()
        precision, recall = right / (told == k).sum(), right / (true == k).sum()
        expected.append(2 * precision * recall / (precision + recall))
    assert summary["f1"] == pytest.approx(expected)
    assert summary["macro_f1"] == pytest.approx(np.mean(expected))
    assert summary["accuracy"] == pytest.approx((true == told).mean())


def test_rare_class_that_is_always_missed_costs_as_much_as_a_frequent_one():
    pairs = [(0, 0)] * 98 + [(1, 0)] * 2
    summary = summarize_subtypes(rows(pairs), {0: "A", 1: "B"})
    assert summary["accuracy"] == pytest.approx(0.98)
    assert summary["macro_f1"] == pytest.approx((2 * 98 / (2 * 98 + 2) + 0) / 2)


def test_case_in_which_nothing_was_found_is_missed_for_its_class_alone():
    matrix = confuse_subtypes(rows([(0, 0), (0, None), (1, 1)]), 2)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert f1_of_each_class(matrix) == [pytest.approx(2 / 3), 1.0]


def test_class_that_does_not_occur_counts_for_nothing_unless_it_is_told():
    assert f1_of_each_class(confuse_subtypes(rows([(0, 0), (1, 1)]), 3)) == [1, 1, None]
    assert macro_f1(confuse_subtypes(rows([(0, 0), (1, 2)]), 3)) == pytest.approx(1 / 3)
    assert macro_f1(np.zeros((3, 3), int)) is None


def test_table_says_who_was_taken_for_whom():
    text = subtype_table(summarize_subtypes(rows([(0, 0), (0, 1), (1, 1), (2, None)]), NAMES))
    assert "told cystic" in text
    assert "nothing found" in text
    assert "Macro-averaged F1 0.444, accuracy 0.500." in text


def test_rows_are_written_down_and_taken_up_again():
    scores = DataSetScores(subtypes=[CaseSubtype("a", 1, None, []), CaseSubtype("b", 0, 2, [0.1, 0.2, 0.7])])
    assert "subtypes" in scores.as_dict(Bootstrap(0))
    assert DataSetScores.from_rows(scores.rows(), "report.json").subtypes == scores.subtypes
    assert "subtypes" not in DataSetScores().rows()
