"""What a search leaves: results, the best recipe, table and picture."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.image import imread
from optuna.trial import TrialState

from LungTumorSegLib.recipe import load_recipe
from LungTumorSegLib.training.search.results import SearchResults, results_of
from LungTumorSegLib.training.search.space import SearchSpace
from LungTumorSegLib.training.search.study import next_trial, opened, pruner_of
from LungTumorSegLib.training.search.summary import as_table, in_words, write_results

SPECS = ("network.dropout=0:0.6", "training.loss.class_weights=choice:[1,10],[1,5]", "training.steps=int:100:200")


@pytest.fixture(scope="module")
def recipe():
    return load_recipe("lung-tumor")


@pytest.fixture(scope="module")
def space(recipe):
    return SearchSpace.parse(SPECS, recipe)


@pytest.fixture(scope="module")
def results(space, tmp_path_factory) -> SearchResults:
    """Trials of a formula in which dropout matters most."""
    folder = tmp_path_factory.mktemp("search")
    with opened(folder, {}, pruner_of("none", 1, 1)) as study:
        for number in range(24):
            trial = next_trial(study, 0)
            values = space.suggest(trial)
            dice = 0.8 - values["network.dropout"] + 0.01 * (values["training.loss.class_weights"] == [1, 5])
            trial.report(dice / 2, 10)
            if number == 3:
                trial.set_user_attr("reason", "the loss became nan")
                study.tell(trial, state=TrialState.FAIL)
            elif number in (5, 6):
                study.tell(trial, state=TrialState.PRUNED)
            else:
                trial.report(dice, 20)
                study.tell(trial, dice)
        return results_of(study, space)


def test_the_best_is_the_best_of_those_that_ended(results):
    assert [results.count(state) for state in ("done", "pruned", "failed")] == [21, 2, 1]
    done = [trial for trial in results.trials if trial.state == "done"]
    assert results.best.dice == max(trial.dice for trial in done)
    assert results.trials[3].reason == "the loss became nan"
    assert results.trials[5].step == 10
    assert max(results.importances, key=results.importances.get) == "network.dropout"


def test_what_is_written_can_be_read_and_trained(results, recipe, space, tmp_path):
    written = write_results(tmp_path, results, recipe, space, {"seed": 0})
    assert [kind for kind, _ in written] == ["results", "recipe", "picture"]
    report = json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))
    assert report["best"]["values"] == results.best.values
    assert len(report["trials"]) == 24
    assert report["setup"] == {"seed": 0}
    best = load_recipe(tmp_path / "best.yaml")
    assert best.network.dropout == results.best.values["network.dropout"]
    assert list(best.training.loss.class_weights) == results.best.values["training.loss.class_weights"]
    assert best.inference == recipe.inference
    assert "Not for clinical use" in (tmp_path / "best.yaml").read_text(encoding="utf-8")
    picture = imread(tmp_path / "search.png")
    assert np.ptp(picture[..., :3]) > 0.5


def test_the_table_ranks_and_keeps_short(results):
    lines = as_table(results, most=5).splitlines()
    numbers = [int(line.split("|")[1]) for line in lines[2:-1]]
    assert numbers[0] == results.best.number
    assert len(numbers) == 5
    assert "first 5 of 24" in lines[-1]
    assert as_table(results).splitlines()[-1].split("|")[2].strip() == "failed"


def test_words_say_how_much_the_best_figure_is_worth(results):
    words = in_words(results)
    assert "24 trials: 21 done, 2 pruned, 1 failed." in words
    assert "by chance" in words
    assert "Not for clinical use" in words


def test_a_search_without_any_result_can_be_written(recipe, space, tmp_path):
    nothing = SearchResults((), None)
    assert [kind for kind, _ in write_results(tmp_path, nothing, recipe, space, {})] == ["results", "picture"]
    assert "no best one" in in_words(nothing)
    assert as_table(nothing)
