"""Bootstrap intervals against all resamples, listed one by one, and against what is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from LungTumorSegLib.evaluation import Bootstrap
from LungTumorSegLib.evaluation.scores import confidence_intervals
from support.scores import case_score

MANY = Bootstrap(resamples=50_000)


def every_resample(*columns) -> list[tuple]:
    """All n**n ways of drawing n cases with replacement; of each the columns."""
    cases = range(len(columns[0]))
    return [tuple([column[k] for k in draw] for column in columns) for draw in product(cases, repeat=len(cases))]


def quantiles(values) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return low, high


def test_interval_of_a_mean_is_that_over_all_resamples():
    dice = [0.9, 0.72, 0.0, 0.55, 0.81, 0.3]
    exact = quantiles([np.mean(drawn) for (drawn,) in every_resample(dice)])
    assert MANY.mean(dice) == pytest.approx(exact, abs=0.01)


def test_interval_of_a_median_is_that_over_all_resamples():
    dice = [0.9, 0.72, 0.0, 0.55, 0.81]
    exact = quantiles([np.median(drawn) for (drawn,) in every_resample(dice)])
    assert MANY.median(dice) == pytest.approx(exact, abs=0.01)


def test_sensitivity_draws_whole_cases_not_lesions():
    found, lesions = [1, 0, 4, 1, 2], [1, 1, 5, 2, 2]
    exact = quantiles([sum(f) / sum(n) for f, n in every_resample(found, lesions)])
    assert MANY.ratio(found, lesions) == pytest.approx(exact, abs=0.01)
    # Cases without lesions cannot change it.
    assert MANY.ratio([*found, 0, 0], [*lesions, 0, 0]) == MANY.ratio(found, lesions)


def test_the_seed_decides_and_the_order_of_questions_does_not():
    dice = [0.9, 0.72, 0.0, 0.55, 0.81, 0.3]
    one, other = Bootstrap(200, seed=3), Bootstrap(200, seed=4)
    first = one.mean(dice)
    one.median(dice)
    assert one.mean(dice) == first
    assert other.mean(dice) != first


def test_intervals_that_would_claim_too_much_are_not_given():
    assert MANY.mean([0.5, 0.9]) is None  # two cases
    assert MANY.mean([]) is None
    assert MANY.ratio([1, 2, 0], [1, 2, 0]) is None  # two cases with lesions
    assert MANY.ratio([1, 1, 1], [1, 1, 1]) is None  # all agree: every draw is the same
    assert Bootstrap(resamples=0).mean([0.5, 0.9, 0.7]) is None


def test_wider_with_fewer_cases():
    rng = np.random.default_rng(0)
    few, many = (MANY.mean(rng.uniform(size=n)) for n in (5, 80))
    assert few[1] - few[0] > 2 * (many[1] - many[0])


def test_a_figures_interval_is_drawn_from_the_cases_that_it_is_the_mean_of():
    sick = [case_score(str(k), dice=dice, lesions=1, lesions_found=1) for k, dice in enumerate((0.2, 0.5, 0.9, 0.6))]
    well = [case_score(f"well {k}", dice=None, false_positives=k) for k in range(4)]
    intervals = confidence_intervals(sick + well, MANY)
    assert intervals["mean_dice"] == MANY.mean([0.2, 0.5, 0.9, 0.6])
    assert intervals["false_positives_per_tumor_free_scan"] == MANY.mean([0, 1, 2, 3])
    assert intervals["false_positives_per_scan"] == MANY.mean([0, 0, 0, 0, 0, 1, 2, 3])
    assert intervals["mean_hd95_mm"] is None
