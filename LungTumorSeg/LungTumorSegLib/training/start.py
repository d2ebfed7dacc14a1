"""From a recipe and a data folder to a run that is ready to go."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..inference.device import DeviceChoice, choose_device
from ..progress import Progress, silent
from ..recipe import load_recipe
from ..recipe.schema import Recipe
from ..volume.files import check_writable, write_json
from .cases import load_cases
from .layouts import CaseFiles, find_cases
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
        The folder holds a run (or, for ``resume``, none, or one of another recipe, data or seed), cannot be written,
        or the data cannot be used.
    """
    data, folder = Path(data), Path(folder)
    spacing = recipe.preparation.spacing_mm
    if spacing is None:
        raise InputError("training needs one spacing for all cases", "preparation.spacing_mm", "set it in the recipe")
    choice = training_device(device, recipe.training.precision)
    files = _chosen(find_cases(data), leave_out, data)
    setup = {"seed": seed, "cases": [case.name for case in files], "nodules": (data / "nodules").is_dir()}
    _check_folder(folder, recipe, setup, resume)
    cases = load_cases(files, recipe, progress)
    nodules = load_nodules(data / "nodules") if setup["nodules"] else []
    sampler = PatchSampler(cases, nodules, recipe.training, spacing[::-1], seed)
    if recipe.training.positive_share > 0 and not sampler.kinds:
        raise InputError("there is no tumour, nodule or synthetic mass to learn from", data, "add masks or synthesis")
    run = TrainingRun(recipe, sampler, folder, choice, workers)
    if resume:
        run.resume()
    else:
        write_json(folder / "data.json", setup)
    return run


def training_device(device: str, precision: str) -> DeviceChoice:
    """Choose device and precision; float16 would need its losses scaled, so float32 is taken in its place."""
    choice = choose_device(device, precision)
    if choice.precision == "float16":
        reason = "training in float16 would need loss scaling, and this device lacks bfloat16"
        return replace(choice, precision="float32", precision_reason=reason)
    return choice


def _chosen(files: list[CaseFiles], leave_out: tuple[str, ...], data: Path) -> list[CaseFiles]:
    if unknown := set(leave_out) - {case.name for case in files}:
        raise InputError(f"no case is named {sorted(unknown)[0]}", data, "see the names of its folders")
    chosen = [case for case in files if case.name not in leave_out]
    if not chosen:
        raise InputError("all cases are left out", data, "leave fewer out")
    return chosen


def _check_folder(folder: Path, recipe: Recipe, setup: dict, resume: bool) -> None:
    checkpoint = folder / "checkpoint.pt"
    check_writable(checkpoint)
    if not resume:
        if checkpoint.exists() or (folder / "metrics.jsonl").exists():
            raise InputError("there is a run in this folder", folder, "go on with it by --resume, or choose another")
        return
    if not checkpoint.is_file():
        raise InputError("there is no checkpoint to go on from", folder, "start without --resume")
    if load_recipe(folder / "recipe.yaml") != recipe:
        raise InputError("the run was started with another recipe", folder, "give the same --recipe and --set")
    try:
        started = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("the run does not say what it was trained on", folder / "data.json", "start anew") from error
    for key, value in setup.items():
        if started.get(key) != value:
            raise InputError(
                f"the run was started with other {key}", folder, "give the same --data, --leave-out and --seed"
            )
