"""From a recipe and a data folder to a run that is ready to go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..allocation import keep_freed_memory
from ..errors import InputError
from ..progress import Progress, silent
from ..recipe import differences, load_recipe
from ..recipe.schema import Recipe
from ..volume.files import check_writable, read_json, write_json
from .data.cache import read_index, require_scans
from .data.case_files import CaseFiles
from .data.layouts import cases_for
from .data.opening import TrainingData, open_data
from .data.planning import NAME as PLAN
from .data.planning import write_plan
from .data.split import Split, split_cases
from .data.usable import usable_cases
from .optimizing.checkpoint import LAST
from .optimizing.run import TrainingRun
from .optimizing.schedule import check_what_is_waited_for
from .patches.batches import default_workers
from .patches.nodules import load_nodules
from .patches.sampling import PatchSampler
from .processes.devices import training_device
from .processes.distributed import Ranks
from .ready import ReadyRun
from .watching.history import NAME as HISTORY

OTHER = {
    "seed": "another seed",
    "cases": "other cases to train on",
    "validation": "other cases to validate on",
    "nodules": "other nodules",
}


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
    skip_bad: bool = False,
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
    skip_bad : bool
        Of a data set that is not prepared yet, leave out cases that cannot be used; by default they are refused.
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
    place = Path(cache or folder / "cache")
    cases, skipped = cases_for(recipe, data, allow_missing=skip_bad), []
    if skip_bad and read_index(data) is None:
        cases, skipped = usable_cases(cases, recipe, place, ranks, leave_out, progress)
        if asked := {*skipped} & {*validate}:
            raise InputError(f"the case {min(asked)} cannot be used", "--validate", "name others; see the notes above")
    split = split_data(recipe, data, cases=cases, fold=fold, validate=validate, leave_out=leave_out, seed=seed)
    check_what_is_waited_for(recipe.training.optimizer, validates=bool(split.validation))
    if split.validation:
        require_scans(data)
    setup = {"seed": seed, "validation": sorted(case.name for case in split.validation)}
    if not skip_bad:  # else they are known when they are prepared
        setup["cases"] = sorted(case.name for case in split.training)
    if resume:
        _check_same(folder, setup)  # before the long work
    workers = default_workers(ranks.local_count, choice.is_cuda) if workers is None else workers

    def opened() -> TrainingData:
        options = {"skip_bad": skip_bad, "processes": ranks.local_count, "progress": progress}
        plan = folder / PLAN if resume and recipe.planned else None
        return open_data(data, recipe, place, files=split.training, plan_path=plan, **options)

    first = ranks.first_alone(opened)  # what is not prepared yet is prepared once
    training_data = first or opened()
    recipe = training_data.recipe
    nodules = load_nodules(training_data.nodules, split.patients_held_out) if training_data.nodules else []
    setup |= {"cases": sorted(case.name for case in training_data.cases), "nodules": len(nodules)}
    if resume:
        _check_same_recipe(folder, recipe, planned=training_data.plan is not None)
        _check_same(folder, setup)
    lesions = recipe.lesions if len(recipe.lesions) < len(recipe.labels) else None
    sampler = PatchSampler(training_data.cases, nodules, recipe.training, recipe.preparation, seed, lesions)
    if recipe.training.positive_share > 0 and not sampler.kinds:
        raise InputError(
            "there is nothing annotated, no nodule and no synthetic mass to learn from", data, "add masks or synthesis"
        )
    run = TrainingRun(recipe, sampler, folder, choice, workers, ranks)
    if resume:
        run.resume()
    elif ranks.is_first:
        write_json(folder / "data.json", setup)
        if training_data.plan:
            write_plan(folder / PLAN, training_data.plan)
    return ReadyRun(run, split, training_data, progress, tuple(sorted({*skipped, *training_data.skipped})))


def split_data(
    recipe: Recipe,
    data: Path,
    *,
    fold: tuple[int, int] | None,
    validate: Sequence[str],
    leave_out: Sequence[str],
    seed: int,
    cases: list[CaseFiles] | None = None,
) -> Split:
    """Hold some of a data set's cases out (all that there are, by default), as the recipe says.

    Parameters and errors as of `split_cases`.
    """
    cases = cases_for(recipe, data) if cases is None else cases
    share = recipe.training.validation_share
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


def _check_same_recipe(folder: Path, recipe: Recipe, planned: bool) -> None:
    """Refuse to go on with another recipe: the result would be neither run's."""
    for key, was, given in differences(load_recipe(folder / "recipe.yaml"), recipe):
        what = f"the run was started with another recipe: {key} was {was}, and is {given}"
        do = f"give the same --recipe and --set{f', with {PLAN} as it was' if planned else ''}"
        raise InputError(what, folder, do)


def _check_same(folder: Path, setup: dict) -> None:
    """Refuse to go on with other data or another seed."""
    try:
        started = read_json(folder / "data.json")
    except InputError as error:
        raise InputError("the run does not say what it was trained on", folder / "data.json", "start anew") from error
    for key, value in setup.items():
        if started.get(key) != value:
            do = "give the same --data, --leave-out, --validate, --fold, --skip-bad and --seed"
            raise InputError(f"the run was started with {OTHER[key]}", folder, do)
