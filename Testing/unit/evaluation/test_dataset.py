"""Scores written down and taken up again."""

from __future__ import annotations

import json

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.evaluation import Bootstrap, DataSetScores, FalsePositive
from LungTumorSegLib.evaluation.partial import PartialReport
from support.scores import case_score, lesion_score

MODEL = {"name": "tiny", "weights_sha256": "1234"}


@pytest.fixture
def scores() -> DataSetScores:
    scores = DataSetScores()
    for name, dice in (("b", 0.5), ("a", 0.75)):
        false = [FalsePositive(name, 0.5, 9.0, "left", None, None, None)]
        scores.add(case_score(name, dice=dice, lesions=1, lesions_found=1), [lesion_score(name, dice)], false)
    scores.add(case_score("c"), [], [])
    return scores


@pytest.fixture
def partial(tmp_path) -> PartialReport:
    return PartialReport.beside(tmp_path / "scores.json", MODEL)


def test_what_was_kept_is_taken_up_unchanged(scores, partial):
    partial.keep(scores)
    assert partial.path.name == "scores.partial.json"
    assert partial.resume({"a", "b", "c", "d"}) == scores
    partial.remove()
    assert partial.start() == DataSetScores()


def test_order_is_that_of_the_data(scores):
    scores.sort(["a", "b", "c"])
    assert [case.case for case in scores.cases] == ["a", "b", "c"]
    assert [lesion.case for lesion in scores.lesions] == ["a", "b"]


def test_an_interrupted_evaluation_is_not_lost_by_starting_another(scores, partial):
    partial.keep(scores)
    with pytest.raises(InputError, match="--resume"):
        partial.start()


def test_what_does_not_go_together_is_refused(scores, partial, tmp_path):
    with pytest.raises(InputError, match="no interrupted evaluation"):
        partial.resume({"a"})
    partial.keep(scores)
    with pytest.raises(InputError, match="also holds the case c"):
        partial.resume({"a", "b"})
    with pytest.raises(InputError, match="another model"):
        PartialReport.beside(tmp_path / "scores.json", {"name": "other"}).resume({"a", "b", "c"})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cases": [{}], "lesions": [], "false_positives": []}', '{"cases": 1}']
)
def test_a_file_that_holds_no_scores_is_refused(partial, text):
    partial.path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"scores\.partial\.json"):
        partial.resume(set())


def test_a_row_with_a_field_of_another_type_is_refused(scores, partial):
    content = {"model": MODEL} | scores.rows()
    content["cases"][0]["dice"] = "0.5"
    partial.path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="does not hold the scores"):
        partial.resume({"a", "b", "c"})


def test_the_report_is_plain_json(scores):
    report = json.loads(json.dumps(scores.as_dict(Bootstrap(100)), allow_nan=False))
    assert [case["case"] for case in report["cases"]] == ["b", "a", "c"]
    assert report["summary"]["mean_dice"] == pytest.approx(0.625)
    assert report["confidence_intervals"]["method"] == "percentile bootstrap over cases"
    assert len(report["lesions"]) == len(report["false_positives"]) == 2
    assert DataSetScores.from_rows(report, "report") == scores
