"""The search: one training after the other, each with the values that the earlier ones suggest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError
from ...progress import Progress, silent
from ...recipe.schema import Recipe
from ..processes.stopping import Stop
from ..start import check_apart, split_data
from ..watching.reports import Observer
from .results import SearchResults, TrialResult, results_of
from .space import SearchSpace, with_values
from .study import next_trial, opened, pruner_of
from .summary import write_results
from .trial import Setting, TrialFailedError, TrialPrunedError, train_trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import Trial

log = logging.getLogger(__name__)

PREPARING = ("preparation", "annotation")  # parts of the recipe that a prepared data set depends on


@dataclass(frozen=True)
class Search:
    """A search and its folder: ``search.journal``, ``setup.json``, the results, and a run a trial, ``trial-0000`` ….

    Attributes
    ----------
    recipe : Recipe
        What is not searched over.
    space : SearchSpace
    folder : Path
    setting : Setting
        All trials are validated on the same cases.
    pruner : str
        As in `LungTumorSegLib.training.search.study.pruner_of`.
    """

    recipe: Recipe
    space: SearchSpace
    folder: Path
    setting: Setting
    pruner: str = "median"

    def run(
        self,
        trials: int,
        *,
        observers: Callable[[], Sequence[Observer]] = tuple,
        tell: Callable[[TrialResult], None] = lambda trial: None,
        stop: Stop | None = None,
        progress: Progress = silent,
    ) -> tuple[SearchResults, list[tuple[str, Path]]]:
        """Go on until there are so many trials, those of earlier starts included.

        A trial that an earlier process did not end goes on from its checkpoint. One whose loss becomes NaN, whose
        values do not go together or that needs more memory than there is, has failed, and the search goes on.

        Parameters
        ----------
        trials : int
        observers : callable
            Returns new ones for each training.
        tell : callable
            Is told of each trial that has ended.
        stop : Stop, optional
            Ends the search, after a checkpoint of the trial at work.
        progress : callable
            As in `start_run`.

        Returns
        -------
        results : SearchResults
        written : list of (kind, path)

        Raises
        ------
        InputError
            About the data, the folder, or another search that works in it.
        StopRequested
            By ``stop``.
        """
        stop = stop or Stop()
        with stop.at_once():
            setup = self._setup()
        training = self.recipe.training
        pruner = pruner_of(self.pruner, training.steps, training.validate_every_steps)
        with opened(self.folder, setup, pruner) as study:
            while True:
                results = results_of(study, self.space)
                written = write_results(self.folder, results, self.recipe, self.space, setup)
                if len(results.trials) >= trials and not (results.count("running") or results.count("waiting")):
                    return results, written
                stop.check()
                trial = next_trial(study, self.setting.seed)
                self._run(study, trial, observers(), stop, progress)
                tell(results_of(study, self.space).trials[trial.number])

    def _setup(self) -> dict:
        """Return what must stay the same from start to start; there must be something to validate on."""
        setting = self.setting
        check_apart(self.folder, setting.data)
        split = split_data(
            self.recipe,
            setting.data,
            fold=setting.fold,
            validate=setting.validate,
            leave_out=setting.leave_out,
            seed=setting.seed,
        )
        if not split.validation:
            raise InputError(f"a search compares validations, and there is {split.why}", setting.data)
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "space": self.space.describe(),
            "pruner": self.pruner,
            "seed": setting.seed,
            "training cases": sorted(case.name for case in split.training),
            "validation cases": sorted(case.name for case in split.validation),
        }

    def _run(self, study: Study, trial: Trial, observers: Sequence[Observer], stop: Stop, progress: Progress) -> None:
        """Train a trial and tell Optuna how it ended."""
        from optuna.trial import TrialState

        values = self.space.suggest(trial)
        described = ", ".join(f"{key} = {value}" for key, value in values.items())
        again = " goes on" if trial.user_attrs.get("begun") else ""
        log.info("trial %d%s: %s", trial.number, again, described)
        try:
            folder = self.folder / f"trial-{trial.number:04d}"
            recipe = self._recipe_with(values)
            study.tell(trial, train_trial(trial, recipe, folder, self._setting, observers, stop, progress))
        except TrialPrunedError:
            study.tell(trial, state=TrialState.PRUNED)
        except TrialFailedError as error:
            trial.set_user_attr("reason", str(error))
            study.tell(trial, state=TrialState.FAIL)

    @property
    def _setting(self) -> Setting:
        """The setting, with one cache for all trials if they prepare the data alike."""
        if any(dimension.key.startswith(PREPARING) for dimension in self.space.dimensions):
            return self.setting
        return replace(self.setting, cache=self.folder / "cache")

    def _recipe_with(self, values: dict) -> Recipe:
        try:
            return with_values(self.recipe, values)
        except InputError as error:  # each value by itself was tried before the search began
            raise TrialFailedError(f"these values do not go together: {error.what}") from error
