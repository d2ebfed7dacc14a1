"""From a recipe and a data folder to a run that is ready to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..progress import Progress, silent
from ..recipe import load_recipe
from ..recipe.schema import Recipe
from ..volume.files import check_writable, read_json, write_json
from .data.cache import require_scans
from .data.layouts import find_cases
from .data.opening import TrainingData, open_data
from .data.split import Split, split_cases
from .optimizing.checkpoint import LAST
from .optimizing.loop import train
from .optimizing.run import TrainingRun
from .patches.batches import default_workers
from .patches.nodules import load_nodules
from .patches.sampling import PatchSampler
from .processes.allocation import keep_freed_memory
from .processes.devices import training_device
from .processes.distributed import Ranks
from .processes.stopping import Stop
from .watching.history import NAME as HISTORY
from .watching.observers import observers_for
from .watching.reports import Observer


@dataclass(frozen=True, eq=False)
class ReadyRun:
    """A run, and the cases that it is validated on.

    Attributes
    ----------
    run : TrainingRun
    split : Split
    data : TrainingData
    progress : callable
        Is told how far a validation is.
    """

    run: TrainingRun
    split: Split
    data: TrainingData
    progress: Progress = silent

    def describe(self) -> list[str]:
        """Say, a line each, what was chosen and why."""
        run, training = self.run, self.run.recipe.training
        processes = f"{run.ranks.count} processes" if run.ranks.count > 1 else "one process"
        loaders = f"{run.workers} loader processes each" if run.workers else "patches made in between"
        return [
            f"training on {run.device.describe()}, {processes}, {loaders}",
            f"{len(self.split.training)} cases ({self.data.where}); {self.split.why}",
            f"{training.steps - run.step} of {training.steps} steps to do, {run.patches_per_step} patches each",
        ]

    def train(self, observers: Sequence[Observer] = (), stop: Stop | None = None) -> None:
        """Train to the last step; parameters and errors as of `LungTumorSegLib.training.optimizing.loop.train`.

        The files to look at are written besides what ``observers`` do.
        """
        run, validate = self.run, None
        if self.split.validation:
            from .validating.validation import Validation

            validation = Validation(run.recipe, self.split.validation, run.folder, run.device.device)

            def validate(run: TrainingRun):
                return validation(run.average.weights, run.step, self.progress)

        own = []
        if run.ranks.is_first:
            own = observers_for(run.folder, run.recipe.training.steps, run.step, run.validated_step)
        train(run, [*own, *observers], validate, stop)


def start_run(
    recipe: Recipe,
    data: str | Path,
    folder: str | Path,
    *,
    device: str = "auto",
    seed: int = 0,
    leave_out: Sequence[str] = (),
    validate: Sequence[str] = (),
    fold: tuple[int, int] | None = None,
    resume: bool = False,
    workers: int | None = None,
    cache: str | Path | None = None,
    ranks: Ranks | None = None,
    progress: Progress = silent,
) -> ReadyRun:
    """Read the data and make the run, or take up one that was stopped.

    Parameters
    ----------
    recipe : Recipe
    data : str or Path
        A data set in a layout that `find_cases` knows, or a cache of one. A folder ``nodules`` in it (``image/``,
        ``mask/``, ``index.csv``) gives nodules to put into the lungs.
    folder : str or Path
        The run's folder; must hold no other run unless ``resume``.
    device : str
        As in `training_device`.
    seed : int
        Of weights, patches, dropout and split.
    leave_out, validate, fold
        As in `split_cases`.
    workers : int, optional
        Loader processes of each process; by default as many as there are cores to spare (`default_workers`).
    cache : str or Path, optional
        Where a data set that is not prepared yet is prepared; in the run's folder by default.
    ranks : Ranks, optional
        The processes that train together; this one alone by default.

    Raises
    ------
    InputError
        The folder holds a run (or, for ``resume``, none, or one of another recipe, data or seed), cannot be written,
        or the data cannot be used.
    """
    data, folder, ranks = Path(data), Path(folder), ranks or Ranks()
    choice = training_device(device, recipe.training.precision, ranks.local_rank, ranks.local_count)
    if not choice.is_cuda:
        keep_freed_memory()
    check_apart(folder, data)
    _check_folder(folder, resume)
    split = split_data(recipe, data, fold=fold, validate=validate, leave_out=leave_out, seed=seed)
    if split.validation:
        require_scans(data)
    setup = {
        "seed": seed,
        "cases": sorted(case.name for case in split.training),
        "validation": sorted(case.name for case in split.validation),
    }
    if resume:
        _check_same(folder, setup)  # before the long work
    workers = default_workers(ranks.local_count) if workers is None else workers

    def opened() -> TrainingData:
        place, together = cache or folder / "cache", ranks.local_count
        return open_data(data, recipe, place, files=split.training, processes=together, progress=progress)

    first = ranks.first_alone(opened)  # what is not prepared yet is prepared once
    training_data = first or opened()
    recipe = training_data.recipe
    spacing = recipe.preparation.spacing_mm
    if spacing is None:
        raise InputError("training needs one spacing for all cases", "preparation.spacing_mm", "set it in the recipe")
    nodules = load_nodules(training_data.nodules, split.patients_held_out) if training_data.nodules else []
    setup["nodules"] = len(nodules)
    if resume:
        _check_same_recipe(folder, recipe)
        _check_same(folder, setup)
    sampler = PatchSampler(training_data.cases, nodules, recipe.training, spacing[::-1], seed)
    if recipe.training.positive_share > 0 and not sampler.kinds:
        raise InputError("there is no tumour, nodule or synthetic mass to learn from", data, "add masks or synthesis")
    run = TrainingRun(recipe, sampler, folder, choice, workers, ranks)
    if resume:
        run.resume()
    elif ranks.is_first:
        write_json(folder / "data.json", setup)
    return ReadyRun(run, split, training_data, progress)


def split_data(
    recipe: Recipe,
    data: Path,
    *,
    fold: tuple[int, int] | None,
    validate: Sequence[str],
    leave_out: Sequence[str],
    seed: int,
) -> Split:
    """Find a data set's cases and hold some out, as the recipe says; parameters and errors as of `split_cases`."""
    cases, share = find_cases(data, recipe.annotation), recipe.training.validation_share
    return split_cases(cases, data, share=share, fold=fold, validate=validate, leave_out=leave_out, seed=seed)


def check_apart(folder: Path, data: Path) -> None:
    """Refuse to write a run or a search among the cases of its data set, or into its cache."""
    if folder.exists() and data.exists() and folder.samefile(data):
        raise InputError("is the folder of the data", folder, "choose another one for --output")


def _check_folder(folder: Path, resume: bool) -> None:
    checkpoint = folder / LAST
    check_writable(checkpoint)
    if resume and not checkpoint.is_file():
        raise InputError("there is no checkpoint to go on from", folder, "start without --resume")
    if not resume and (checkpoint.exists() or (folder / HISTORY).exists()):
        raise InputError("there is a run in this folder", folder, "go on with it by --resume, or choose another")


def _check_same_recipe(folder: Path, recipe: Recipe) -> None:
    """Refuse to go on with another recipe: the result would be neither run's."""
    if load_recipe(folder / "recipe.yaml") != recipe:
        raise InputError("the run was started with another recipe", folder, "give the same --recipe and --set")


def _check_same(folder: Path, setup: dict) -> None:
    """Refuse to go on with other data or another seed."""
    try:
        started = read_json(folder / "data.json")
    except InputError as error:
        raise InputError("the run does not say what it was trained on", folder / "data.json", "start anew") from error
    for key, value in setup.items():
        if started.get(key) != value:
            do = "give the same --data, --leave-out, --validate, --fold and --seed"
            raise InputError(f"the run was started with other {key}", folder, do)
