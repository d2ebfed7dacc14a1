"""Confidence intervals by bootstrap over cases (Efron 1979)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
FEWEST_CASES = 3  # of two there are but three different resamples

Interval = tuple[float, float]


@dataclass(frozen=True)
class Bootstrap:
    """Percentile bootstrap: whole cases are drawn with replacement, as the lesions of one case are not independent.

    The percentile interval is used: with few cases and many zeros, as Dice has them, BCa often has no value. Where
    all cases agree (3 of 3 lesions found) every draw does, and an interval without width would claim a certainty that
    is not there: then there is none.

    Parameters
    ----------
    resamples : int
        0 gives no intervals.
    seed : int
        Of every interval anew, so that an interval does not depend on what was asked before.
    """

    resamples: int = 2000
    seed: int = 0

    def mean(self, values: Sequence[float]) -> Interval | None:
        """Interval of the mean over cases, a value a case."""
        return self._interval(lambda sample, axis: np.mean(sample, axis=axis), values)

    def median(self, values: Sequence[float]) -> Interval | None:
        """Interval of the median over cases, a value a case."""
        return self._interval(lambda sample, axis: np.median(sample, axis=axis), values)

    def ratio(self, parts: Sequence[float], wholes: Sequence[float]) -> Interval | None:
        """Interval of the sum of ``parts`` over the sum of ``wholes`` (lesions found, lesions; both a value a case).

        Cases of which nothing counts (a whole of 0) are left out before anything is drawn.
        """
        counted = [(part, whole) for part, whole in zip(parts, wholes, strict=True) if whole]
        if not counted:
            return None
        columns = zip(*counted, strict=True)
        return self._interval(lambda part, whole, axis: part.sum(axis=axis) / whole.sum(axis=axis), *columns)

    def describe(self) -> dict:
        """Say how the intervals were made."""
        return {
            "method": "percentile bootstrap over cases",
            "confidence": CONFIDENCE,
            "resamples": self.resamples,
            "seed": self.seed,
            "fewest_cases": FEWEST_CASES,
        }

    def _interval(self, statistic: Callable, *columns: Sequence[float]) -> Interval | None:
        """Interval of a statistic of columns with an entry a case; None with too few cases, or if all agree."""
        if self.resamples == 0 or len(columns[0]) < FEWEST_CASES:
            return None
        from scipy.stats import bootstrap

        result = bootstrap(
            tuple(np.asarray(column, dtype=float) for column in columns),
            statistic,
            paired=True,
            vectorized=True,
            method="percentile",
            confidence_level=CONFIDENCE,
            n_resamples=self.resamples,
            random_state=np.random.default_rng(self.seed),
        )
        low, high = (float(end) for end in result.confidence_interval)
        return (low, high) if low < high else None
