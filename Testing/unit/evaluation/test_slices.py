"""Slices: an empty one has no Dice, whatever was found in it; unknown voxels count nowhere."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.evaluation import Bootstrap, DataSetScores, score_slices, summarize_slices
from LungTumorSegLib.evaluation.slice_picture import draw_slices
from LungTumorSegLib.volume import Grid, Volume
from support.scores import case_score

GRID = Grid((10, 10, 4))


def masks() -> tuple[Volume, Volume]:
    """Four slices: right, half right, empty with a false positive, empty and left empty."""
    found, reference = np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.uint8)
    reference[0, :5] = found[0, :5] = 1
    reference[1, :4] = 1
    found[1, 2:6] = 1
    found[2, 0] = 1
    return Volume(found, GRID), Volume(reference, GRID)


def test_an_empty_slice_has_no_dice_and_is_not_counted_as_zero():
    scores = score_slices("a", *masks())
    assert [score.dice for score in scores] == [1.0, 0.5, None, None]
    assert [score.accuracy for score in scores] == pytest.approx([1.0, 0.6, 0.9, 1.0])
    summary = summarize_slices(scores)
    assert summary["mean_dice"] == 0.75
    assert summary["mean_accuracy"] == pytest.approx(0.875)
    assert (summary["slices_annotated"], summary["slices_empty"]) == (2, 2)
    assert summary["slices_empty_with_something_found"] == 1


def test_voxels_whose_truth_is_not_known_count_nowhere():
    found, reference = masks()
    ignore = np.zeros(GRID.shape, bool)
    ignore[1, 4:6] = ignore[2, 0] = ignore[3] = True
    scores = score_slices("a", found, reference, Volume(ignore, GRID))
    assert scores[1].dice == pytest.approx(2 * 20 / 60)
    assert scores[2].predicted_voxels == 0
    assert scores[3].accuracy == 1.0


def test_slices_count_from_below_however_the_volume_is_stored():
    found, reference = masks()
    turned = Grid((10, 10, 4), direction=np.diag([1.0, -1.0, -1.0]))
    upside_down = [Volume(np.ascontiguousarray(mask.array[::-1]), turned) for mask in (found, reference)]
    assert [score.dice for score in score_slices("a", *upside_down)] == [1.0, 0.5, None, None]


def test_slices_are_kept_and_reported_where_there_are_any(tmp_path):
    scores = DataSetScores()
    scores.add(case_score("a"), [], [])
    assert "slices" not in scores.rows()
    assert DataSetScores.from_rows(scores.rows(), "R.json") == scores
    scores.add(case_score("b"), [], [], score_slices("b", *masks()))
    assert DataSetScores.from_rows(scores.rows(), "R.json") == scores
    assert scores.as_dict(Bootstrap(0, 0))["slice_summary"]["slices"] == 4
    draw_slices(scores.slices, "lungs-2d", tmp_path / "slices.png")
    assert imread(tmp_path / "slices.png").shape[1] > 1000


def test_a_picture_of_nothing_that_can_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        draw_slices(score_slices("a", *masks()), "lungs-2d", tmp_path)
