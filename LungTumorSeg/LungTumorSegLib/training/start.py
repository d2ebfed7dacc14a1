"""From a recipe and a data folder to a run that is ready to go."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..inference.device import choose_device
from ..progress import Progress, silent
from ..recipe import dump_recipe
from ..recipe.schema import Recipe
from .cases import load_cases
from .layouts import find_cases
from .loop import TrainingRun
from .nodules import load_nodules
from .sampling import PatchSampler


def start_run(
    recipe: Recipe,
    data: str | Path,
    folder: str | Path,
    *,
    device: str = "auto",
    seed: int = 0,
    leave_out: tuple[str, ...] = (),
    resume: bool = False,
    workers: int = 1,
    progress: Progress = silent,
) -> TrainingRun:
    """Read the data and make the run, or take up one that was stopped.

    Parameters
    ----------
    recipe : Recipe
    data : str or Path
        A data set in a layout that `find_cases` knows. A folder ``nodules`` in it (``image/``, ``mask/``,
        ``index.csv``) gives nodules to put into the lungs.
    folder : str or Path
        The run's folder; must hold no other run unless ``resume``.
    leave_out : tuple of str
        Names of cases that are not trained on.

    Raises
    ------
    InputError
    """
    data, folder = Path(data), Path(folder)
    _check_folder(folder, recipe, resume)
    choice = choose_device(device, recipe.training.precision)
    files = find_cases(data)
    if unknown := set(leave_out) - {case.name for case in files}:
        raise InputError(f"no case is named {sorted(unknown)[0]}", data, "see the names of its folders")
    cases = load_cases([case for case in files if case.name not in leave_out], recipe, progress)
    nodules = load_nodules(data / "nodules") if (data / "nodules").is_dir() else []
    spacing = recipe.preparation.spacing_mm
    if spacing is None:
        raise InputError("training needs one spacing for all cases", "preparation.spacing_mm", "set it in the recipe")
    run = TrainingRun(
        recipe, PatchSampler(cases, nodules, recipe.training, spacing[::-1], seed), folder, choice, workers
    )
    if resume:
        run.resume()
    return run


def _check_folder(folder: Path, recipe: Recipe, resume: bool) -> None:
    checkpoint, written = folder / "checkpoint.pt", folder / "recipe.yaml"
    if not resume and checkpoint.exists():
        raise InputError(
            "there is a run in this folder", folder, "go on with it by --resume, or choose another folder"
        )
    if resume and not checkpoint.is_file():
        raise InputError("there is no checkpoint to go on from", folder, "start without --resume")
    if resume and written.is_file() and written.read_text(encoding="utf-8") != dump_recipe(recipe):
        raise InputError("the run was started with another recipe", folder, "give the same --recipe and --set")
