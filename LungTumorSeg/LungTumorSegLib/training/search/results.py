"""What a search found: its trials, the best one, and what mattered."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .space import SearchSpace

if TYPE_CHECKING:
    from optuna import Study

log = logging.getLogger(__name__)

STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
FEWEST_FOR_IMPORTANCE = 5
CAVEAT = "The best of many trials did so well partly by chance: evaluate it on cases that the search never saw."


@dataclass(frozen=True)
class TrialResult:
    """How one trial went.

    Attributes
    ----------
    number : int
        From 0.
    state : {"done", "pruned", "failed", "running", "waiting"}
    dice : float or None
        Mean Dice of its best validation.
    step : int or None
        Of its last validation.
    values : dict
        Key of the recipe to value.
    seconds : float
        Of training and validation.
    reason : str or None
        Why it failed.
    """

    number: int
    state: str
    dice: float | None
    step: int | None
    values: dict
    seconds: float
    reason: str | None = None

    def as_dict(self) -> dict:
        """Return the trial as JSON takes it."""
        return asdict(self)


@dataclass(frozen=True)
class SearchResults:
    """All trials so far.

    Attributes
    ----------
    trials : tuple of TrialResult
        By number.
    importances : dict of str to float, or None
        Share of each key in what made good trials differ from the others; None with too few trials.
    """

    trials: tuple[TrialResult, ...]
    importances: dict[str, float] | None

    @property
    def best(self) -> TrialResult | None:
        """The trial of the highest Dice; pruned ones, whose training did not end, do not count."""
        done = [trial for trial in self.trials if trial.state == "done"]
        return max(done, key=lambda trial: trial.dice, default=None)

    def as_dict(self) -> dict:
        """Return ``objective``, ``best``, ``importances``, ``trials`` and a caveat, as JSON takes them."""
        return {
            "not_for_clinical_use": True,
            "objective": "mean Dice of the best validation of each training",
            "caveat": CAVEAT,
            "best": None if self.best is None else self.best.as_dict(),
            "importances": self.importances,
            "trials": [trial.as_dict() for trial in self.trials],
        }

    def count(self, state: str) -> int:
        """Return how many trials are in a state."""
        return sum(trial.state == state for trial in self.trials)


def results_of(study: Study, space: SearchSpace) -> SearchResults:
    """Read the trials out of a study."""
    trials = []
    for trial in study.get_trials(deepcopy=False):
        dice = trial.intermediate_values
        trials.append(
            TrialResult(
                number=trial.number,
                state=STATES[trial.state.name],
                dice=max(dice.values(), default=None),
                step=max(dice, default=None),
                values=space.values(trial.params),
                seconds=trial.user_attrs.get("seconds", 0.0),
                reason=trial.user_attrs.get("reason"),
            )
        )
    return SearchResults(tuple(trials), _importances(study, trials))


def _importances(study: Study, trials: list[TrialResult]) -> dict[str, float] | None:
    """Return PED-ANOVA's importances (Watanabe 2023)."""
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    done = [trial for trial in trials if trial.state == "done"]
    if len(done) < FEWEST_FOR_IMPORTANCE or len({trial.dice for trial in done}) == 1:
        return None
    try:
        found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    except (ValueError, RuntimeError) as error:
        log.info("no importances: %s", error)
        return None
    return {key: float(value) for key, value in found.items()}
