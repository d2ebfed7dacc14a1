"""Validation: the network as it stands, tried on whole CTs by the same prediction and measures as everywhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ...errors import InputError
from ...evaluation import Bootstrap, CaseConfusion, CaseSubtype, summarize, summarize_classes, summarize_subtypes
from ...inference.device import choose_device
from ...networks import network_of
from ...prediction import Predictor
from ...progress import Progress, silent
from ...recipe.schema import Recipe
from ..data.case_files import CaseFiles
from ..watching.drawing import can_draw, draw_or_say
from ..watching.reports import ValidationReport
from .pictures import NAME as PICTURE
from .pictures import Glimpse, draw_validation, glimpse
from .scoring import ScoredCase, score_files

log = logging.getLogger(__name__)


class Validation:
    """Tries weights on the held-out cases, in one process.

    The network is a copy: what prediction does to one (device, memory format, evaluation mode) would change the sums
    of the training that goes on after it.

    Parameters
    ----------
    recipe : Recipe
    cases : sequence of CaseFiles
    folder : str or Path
        The run's; ``validation.png`` appears in it.
    device : str
        As in `choose_device`; the precision is the recipe's for inference.
    """

    def __init__(self, recipe: Recipe, cases: Sequence[CaseFiles], folder: str | Path, device: str = "auto"):
        self.recipe, self.cases, self.folder = recipe, tuple(cases), Path(folder)
        self._device = choose_device(device, recipe.inference.precision)
        with torch.random.fork_rng():  # the run's own random numbers stay as without a validation
            self._network = network_of(recipe)

    def __call__(
        self, weights: Mapping[str, torch.Tensor], step: int, progress: Progress = silent
    ) -> ValidationReport:
        """Score the cases and draw them.

        Parameters
        ----------
        weights : dict of str to Tensor
            Of the recipe's network; those that would be exported.
        step : int
            After which they are the run's.
        progress : callable
            Stage ``validating``. What it raises to stop passes through.

        Returns
        -------
        ValidationReport
            A case that cannot be scored is named in the log and left out.
        """
        started = time.perf_counter()
        self._network.load_state_dict(weights)
        seen = self._look(Predictor(self.recipe, self._network.eval(), self._device), progress)
        scores = tuple(one.score for one in seen.glimpses)
        pictures = ()
        if seen.glimpses and can_draw():
            path = self.folder / PICTURE
            pictures = draw_or_say(path, lambda: draw_validation(seen.glimpses, step, path))
        summary = summarize(list(scores)) | seen.summary(self.recipe)
        return ValidationReport(step, scores, summary, time.perf_counter() - started, pictures)

    def _look(self, predictor: Predictor, progress: Progress) -> _Seen:
        seen = _Seen()
        for done, case in enumerate(self.cases):
            progress("validating", done / len(self.cases))
            try:
                seen.add(score_files(case, predictor, _within(progress, done, len(self.cases))))
            except InputError as error:  # one bad case must not cost a run of days
                log.warning("%s was not validated: %s", case.name, error)
        progress("validating", 1.0)
        return seen


@dataclass
class _Seen:
    """What is kept of the cases that were scored."""

    glimpses: list[Glimpse] = field(default_factory=list)
    confusions: list[CaseConfusion] = field(default_factory=list)
    subtypes: list[CaseSubtype] = field(default_factory=list)

    def add(self, scored: ScoredCase) -> None:
        """Keep what pictures and figures need of a case."""
        self.glimpses.append(glimpse(scored))
        self.confusions += [scored.confusion] if scored.confusion else []
        self.subtypes += [scored.subtype] if scored.subtype else []

    def summary(self, recipe: Recipe) -> dict:
        """Return ``label_dice``, the mean over the cases of each label, and ``macro_f1``, as far as there are any."""
        summary = {}
        if self.confusions:
            classes = summarize_classes(self.confusions, recipe.labels, Bootstrap(0))
            summary["label_dice"] = dict(zip(classes["names"][1:], classes["mean_dice"][1:], strict=True))
        if self.subtypes:
            summary["macro_f1"] = summarize_subtypes(self.subtypes, recipe.classification.names)["macro_f1"]
        return summary


def _within(progress: Progress, done: int, cases: int) -> Progress:
    """Tell a case's stages as one, by the network's windows."""

    def inner(stage: str, fraction: float) -> None:
        if stage == "network":
            progress("validating", (done + fraction) / cases)

    return inner
