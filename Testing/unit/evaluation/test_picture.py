"""The picture of the scores is drawn, whatever there is to draw."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.evaluation import Bootstrap, DataSetScores
from LungTumorSegLib.evaluation.picture import MAIN, MISSED, draw_scores
from support.scores import case_score, lesion_score


def draw(scores: DataSetScores, path) -> np.ndarray:
    """The picture's pixels, RGB from 0 to 255."""
    from matplotlib.image import imread

    about = {"model": {"name": "tiny", "version": "1"}, "labels": {1: "Lung tumor"}, "lesion_labels": [1]}
    report = about | scores.as_dict(Bootstrap(50))
    draw_scores(scores, report, path)
    return np.rint(imread(path)[..., :3] * 255).astype(int)


def pixels_of(picture: np.ndarray, color: str) -> int:
    rgb = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    return int((np.abs(picture - rgb).max(axis=2) <= 2).sum())


def data_set(dice: list[float]) -> DataSetScores:
    scores = DataSetScores()
    for k, value in enumerate(dice):
        found = value > 0
        case = case_score(
            f"case {k}", dice=value, lesions=1, lesions_found=int(found), reference_ml=2.0, predicted_ml=2.0 * found
        )
        scores.add(case, [lesion_score(case.case, value)], [])
    return scores


def test_what_was_missed_is_marked(tmp_path):
    found = draw(data_set([0.8, 0.6, 0.7]), tmp_path / "found.png")
    missed = draw(data_set([0.8, 0.6, 0.0]), tmp_path / "missed.png")
    assert pixels_of(found, MAIN) > 1000
    assert pixels_of(missed, MISSED) > pixels_of(found, MISSED)  # which has the warning's red


@pytest.mark.parametrize(
    "scores",
    [DataSetScores(), DataSetScores([case_score("well", false_positives=20)]), data_set([0.0]), data_set([0.5] * 60)],
    ids=["nothing", "no tumour", "one, missed", "many"],
)  # fmt: skip
def test_nothing_and_much_can_be_drawn(scores, tmp_path):
    assert draw(scores, tmp_path / "picture.png").std() > 0
