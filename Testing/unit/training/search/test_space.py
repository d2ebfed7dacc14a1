"""Search spaces: what is understood, what is refused before anything runs, and what a trial gets."""

from __future__ import annotations

import optuna
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import load_recipe
from LungTumorSegLib.training.search.space import SearchSpace, with_values


@pytest.fixture(scope="module")
def recipe():
    return load_recipe("lung-tumor")


def parse(recipe, *specs) -> SearchSpace:
    return SearchSpace.parse([str(spec) for spec in specs], recipe)


def drawn(space: SearchSpace, count: int) -> list[dict]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.suggest(study.ask()) for _ in range(count)]


def test_every_kind_gives_values_of_its_range_that_the_recipe_takes(recipe):
    space = parse(
        recipe,
        "network.dropout=0:0.6",
        "training.optimizer.learning_rate=log:1e-5:1e-1",
        "network.residual_units=int:1:3",
        "training.loss.class_weights=choice:[1,10],[1,5],null",
        "training.precision=choice:float32,bfloat16",
    )
    values = drawn(space, 60)
    assert all(0 <= one["network.dropout"] <= 0.6 for one in values)
    rates = [one["training.optimizer.learning_rate"] for one in values]
    assert 10 < sum(rate < 1e-3 for rate in rates) < 50  # half of a logarithmic range lies below its middle
    assert {one["network.residual_units"] for one in values} == {1, 2, 3}
    weights = [one["training.loss.class_weights"] for one in values]
    assert all(value in weights for value in ([1, 10], [1, 5], None))
    changed = with_values(recipe, values[0])
    assert changed.network.dropout == values[0]["network.dropout"]
    assert changed.training.optimizer.learning_rate == values[0]["training.optimizer.learning_rate"]


def test_small_numbers_reach_the_recipe_unrounded(recipe):
    rate = 1.234567890123e-05
    assert with_values(recipe, {"training.optimizer.learning_rate": rate}).training.optimizer.learning_rate == rate
    space = parse(recipe, "training.optimizer.learning_rate=choice:1e-5,1e-4")
    assert space.dimensions[0].choices == (1e-5, 1e-4)


def test_whole_parts_of_the_recipe_can_be_chosen(recipe):
    space = parse(
        recipe,
        "network=choice:{name: unet, channels: [8, 16, 32], strides: [2, 2]},{name: resenc, channels: [8, 16, 32], "
        "strides: [2, 2], blocks: [1, 1, 1]}",
    )
    names = {with_values(recipe, values).network.name for values in drawn(space, 20)}
    assert names == {"unet", "resenc"}


def test_a_file_of_keys_and_ranges(recipe, tmp_path):
    file = tmp_path / "space.yaml"
    # By YAML's own rules 0:0.6 would be a number to the base of 60.
    file.write_text("network.dropout: 0:0.6\ntraining.loss.class_weights: choice:[1, 10],[1, 5]\n", encoding="utf-8")
    space = parse(recipe, file, "network.residual_units=int:0:2")
    assert space.describe() == {
        "network.dropout": "0:0.6",
        "training.loss.class_weights": "choice:[1, 10],[1, 5]",
        "network.residual_units": "int:0:2",
    }


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("network.droput=0:0.6", "no such key"),
        ("network=0:1", "key 'network'"),
        ("dropout=0:0.6", "no such key"),
        ("network.dropout=0:1.5", "less than 1"),
        ("network.residual_units=0:2", "valid integer"),
        ("network.residual_units=int:0:2.5", "whole numbers"),
        ("training.precision=choice:float32,float8", "float8"),
        ("network.dropout=0.6:0", "does not rise"),
        ("network.dropout=log:0:0.6", "above 0"),
        ("network.dropout=0:1e999", "does not rise"),
        ("network.dropout=half", "no range"),
        ("network.dropout=", "no range"),
        ("network.dropout=choice:0.1", "two different values"),
        ("network.dropout=choice:0.1,0.1", "two different values"),
        ("network.dropout=choice:[", "no list of YAML values"),
        ("network.dropout=choice:.nan,0.1", "no list of YAML values"),
        ("network.dropout=choice:!!python/object/apply:os.getcwd [],0.1", "no list of YAML values"),
        ("network.dropout", "KEY=SPEC"),
        ("missing.yaml", "cannot be read"),
        ("training.validation_share=0.1:0.3", "cannot be compared"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line(recipe, spec, words):
    with pytest.raises(InputError, match=words) as error:
        parse(recipe, spec)
    assert "\n" not in str(error.value)
    assert spec.partition("=")[0] in str(error.value)


def test_keys_that_contradict_each_other_are_refused(recipe):
    with pytest.raises(InputError, match="twice"):
        parse(recipe, "network.dropout=0:0.5", "network.dropout=0:0.6")
    with pytest.raises(InputError, match="lies within network"):
        parse(recipe, "network.dropout=0:0.5", "network=choice:{name: unet},{name: unet, dropout: 0.5}")
    with pytest.raises(InputError, match="nothing to search"):
        parse(recipe)
