"""What a search found: its trials, the best one, and what mattered."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...evaluation.tables import figure, markdown
from ...recipe import dump_recipe
from ...recipe.schema import Recipe
from ...volume.files import write_json, write_text
from .space import SearchSpace, with_values

if TYPE_CHECKING:
    from optuna import Study

log = logging.getLogger(__name__)

RESULTS, BEST_RECIPE, PICTURE = "search.json", "best.yaml", "search.png"
STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
FEWEST_FOR_IMPORTANCE = 5
MOST_ROWS = 30
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


def write_results(
    folder: Path, results: SearchResults, recipe: Recipe, space: SearchSpace, setup: dict
) -> list[tuple[str, Path]]:
    """Write ``search.json``, ``best.yaml`` and, where Matplotlib is installed, the picture.

    Parameters
    ----------
    folder : Path
        The search's.
    results : SearchResults
    recipe : Recipe
        That of the start, before a trial's values are put in.
    space : SearchSpace
    setup : dict
        What the search was started with.

    Returns
    -------
    list of (kind, path)
    """
    from ..drawing import can_draw, draw_or_say

    best = results.best
    write_json(folder / RESULTS, results.as_dict() | {"setup": setup})
    written = [("results", folder / RESULTS)]
    if best is not None:
        heading = f"# Trial {best.number} of a search: validation Dice {best.dice:.3f}. Not for clinical use.\n"
        write_text(folder / BEST_RECIPE, heading + dump_recipe(with_values(recipe, best.values)))
        written.append(("recipe", folder / BEST_RECIPE))
    if can_draw():
        from .picture import draw_search

        drawn = draw_or_say(folder / PICTURE, lambda: draw_search(results, space, folder / PICTURE))
        written += [("picture", path) for path in drawn]
    return written


def as_table(results: SearchResults, most: int = MOST_ROWS) -> str:
    """Lay the trials out as a Markdown table, the best first; those of an early end behind."""
    order = {"done": 0, "pruned": 1, "running": 2, "failed": 3}
    ranked = sorted(results.trials, key=lambda trial: (order.get(trial.state, 4), -(trial.dice or 0.0), trial.number))
    keys = list(dict.fromkeys(key for trial in results.trials for key in trial.values))
    short = _short_names(keys)
    rows = [
        (
            str(trial.number),
            trial.state,
            figure(trial.dice, 3),
            "–" if trial.step is None else str(trial.step),
            *(_value(trial.values[key]) if key in trial.values else "–" for key in keys),
        )
        for trial in ranked[:most]
    ]
    lines = [markdown(("trial", "state", "Dice", "step", *(short[key] for key in keys)), rows)]
    if len(ranked) > most:
        lines.append(f"The first {most} of {len(ranked)} trials; {RESULTS} has all.")
    return "\n".join(lines)


def in_words(results: SearchResults) -> str:
    """Sum a search up in a few sentences."""
    counts = ", ".join(f"{results.count(state)} {state}" for state in ("done", "pruned", "failed"))
    parts = [f"{len(results.trials)} trials: {counts}."]
    if results.best is None:
        parts.append("None has ended well, so there is no best one.")
    else:
        parts.append(f"Best: trial {results.best.number}, validation Dice {results.best.dice:.3f}. {CAVEAT}")
    if results.importances:
        ranked = ", ".join(f"{key} {100 * share:.0f} %" for key, share in results.importances.items())
        parts.append(f"Share in what makes a trial good: {ranked}.")
    return " ".join([*parts, "Not for clinical use."])


def _short_names(keys: list[str]) -> dict[str, str]:
    """Name keys by their last part where that is clear."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)}


def _value(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
