"""Class by class: the confusion matrix, the Dice of each class, and what is drawn and printed of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.evaluation import (
    Bootstrap,
    CaseConfusion,
    DataSetScores,
    confuse,
    mean_dice_of_labels,
    summarize_classes,
)
from LungTumorSegLib.evaluation.classes import dice_of_each_class
from LungTumorSegLib.evaluation.confusion import class_table, confusion_table, draw_confusion
from support.scores import case_score

LABELS = {1: "Pancreas", 2: "Cancer"}


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(1, 6)] * 3), st.integers(1, 3), st.integers(0, 1000), st.booleans())
def test_every_known_voxel_is_counted_once_where_it_belongs(shape, labels, seed, ignoring):
    rng = np.random.default_rng(seed)
    reference, predicted = (rng.integers(0, labels + 1, shape) * (rng.random(shape) < 0.5) for _ in range(2))
    ignore = rng.random(shape) < 0.3 if ignoring else None
    found = confuse("a", reference.astype(np.uint8), predicted.astype(np.uint8), labels, ignore)
    known = np.ones(shape, bool) if ignore is None else ~ignore
    expected = [
        [int(np.count_nonzero((reference == row) & (predicted == column) & known)) for column in range(labels + 1)]
        for row in range(labels + 1)
    ]
    assert found == CaseConfusion("a", expected)


def test_rows_are_the_reference_and_columns_the_prediction():
    reference, predicted = np.zeros((2, 4, 4, 4), np.uint8)
    reference[1, 1, 1] = 2
    predicted[1, 1, 1] = 1
    assert confuse("a", reference, predicted, 2).voxels == [[63, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_dice_of_each_class_by_hand():
    matrix = np.array([[90, 3, 1], [4, 12, 0], [0, 2, 0]])
    background, pancreas, cancer = dice_of_each_class(matrix)
    assert background == pytest.approx(2 * 90 / (94 + 94))
    assert pancreas == pytest.approx(2 * 12 / (16 + 17))
    assert cancer == 0, "it is there and was not found"
    assert dice_of_each_class(np.array([[98, 2], [0, 0]]))[1] is None, "it is not there, whatever was found"


def test_a_cases_dice_is_the_mean_of_the_labels_that_it_holds():
    matrix = [[90, 3, 1], [4, 12, 0], [0, 2, 0]]
    assert mean_dice_of_labels(CaseConfusion("a", matrix)) == pytest.approx((2 * 12 / 33 + 0) / 2)
    assert mean_dice_of_labels(CaseConfusion("a", [[90, 3, 1], [4, 12, 0], [0, 0, 0]])) == pytest.approx(24 / 31)
    assert mean_dice_of_labels(CaseConfusion("a", [[90, 3, 1], [0, 0, 0], [0, 0, 0]])) is None


def two_cases() -> list[CaseConfusion]:
    return [
        CaseConfusion("a", [[90, 5, 0], [2, 8, 0], [0, 1, 4]]),
        CaseConfusion("b", [[95, 10, 1], [0, 4, 0], [0, 0, 0]]),
    ]


def test_pooled_dice_is_of_all_voxels_and_the_mean_of_the_cases_that_hold_the_class():
    found = summarize_classes(two_cases(), LABELS, Bootstrap(0))
    assert found["names"] == ["Background", "Pancreas", "Cancer"]
    assert found["voxels"] == [[185, 15, 1], [2, 12, 0], [0, 1, 4]]
    assert found["pooled_dice"][1:] == pytest.approx([2 * 12 / (14 + 28), 2 * 4 / (5 + 5)])
    assert found["cases"] == [2, 2, 1]
    of_pancreas = [2 * 8 / (10 + 14), 2 * 4 / (4 + 14)]
    assert found["mean_dice"][1:] == pytest.approx([np.mean(of_pancreas), 8 / 9])
    assert found["median_dice"][1:] == pytest.approx([np.median(of_pancreas), 8 / 9])
    assert found["dice_of_each_case"]["b"] == [pytest.approx(2 * 95 / (106 + 95)), pytest.approx(of_pancreas[1]), None]
    json.dumps(found, allow_nan=False)


def test_a_class_that_no_case_holds_has_no_value():
    found = summarize_classes([CaseConfusion("a", [[9, 0, 1], [0, 5, 0], [0, 0, 0]])], LABELS, Bootstrap())
    for part in ("pooled_dice", "mean_dice", "mean_dice_ci95", "median_dice"):
        assert found[part][2] is None
    assert "| Cancer     |           – |             0 |" in class_table(found)


def test_tables_name_the_classes():
    found = summarize_classes(two_cases(), LABELS, Bootstrap(0))
    first, _, background, pancreas, _ = class_table(found).splitlines()
    assert [cell.strip() for cell in first.split("|")[1:-1]][:3] == ["class", "pooled Dice", "cases with it"]
    assert background.startswith("| Background |")
    assert "0.571" in pancreas
    header, _, *rows = confusion_table(found).splitlines()
    assert "taken for cancer" in header
    assert [cell.strip() for cell in rows[2].split("|")[1:-1]] == ["is cancer", "0", "1", "4"]


def test_confusions_are_kept_and_taken_up_with_the_other_scores():
    scores = DataSetScores()
    for one in two_cases():
        scores.add(case_score(one.case), [], [], (), [one])
    scores.sort(["b", "a"])
    assert [one.case for one in scores.confusions] == ["b", "a"]
    assert DataSetScores.from_rows(json.loads(json.dumps(scores.rows())), "here") == scores
    assert "confusions" not in DataSetScores([case_score("a")]).rows(), "a recipe of one label has none"


@pytest.mark.parametrize("voxels", [[[1, 2]], [[1, 2], [3]], [[1.5, 0], [0, 1]], [[-1, 0], [0, 1]], [1, 2], "ab"])
def test_what_is_no_matrix_of_counts_is_refused(voxels):
    rows = {"cases": [], "lesions": [], "false_positives": [], "confusions": [{"case": "a", "voxels": voxels}]}
    with pytest.raises(InputError, match="does not hold the scores of an evaluation"):
        DataSetScores.from_rows(rows, "here")


def test_the_picture_shows_each_rows_shares(tmp_path):
    """Where all of a row's voxels are, the cell is dark; where none is, white."""
    image = pytest.importorskip("matplotlib.image", reason="Matplotlib is not installed")
    confusion = CaseConfusion("a", [[900, 0, 0], [0, 0, 50], [0, 30, 10]])
    draw_confusion(
        summarize_classes([confusion], LABELS, Bootstrap(0)), {"name": "p", "version": "1"}, tmp_path / "c.png"
    )
    drawn = image.imread(tmp_path / "c.png")[..., :3]
    assert drawn.shape == (int((1.75 + 3 * 1.55 + 0.9) * 110), int((1.7 + 3 * 1.55 + 0.5) * 110), 3)

    def colour(row: int, column: int) -> np.ndarray:
        """Of a cell near its lower left corner, away from the writing."""
        y, x = 1.75 + (row + 0.9) * 1.55, 1.7 + (column + 0.1) * 1.55
        return drawn[int(y * 110), int(x * 110)]

    dark, white = np.array([0x1F, 0x6F, 0x8B]) / 255, np.ones(3)
    for row, column, share in ((0, 0, 1), (0, 1, 0), (1, 2, 1), (1, 1, 0), (2, 1, 0.75), (2, 2, 0.25)):
        assert colour(row, column) == pytest.approx(share * dark + (1 - share) * white, abs=0.02), (row, column)
