"""From a training run to a model folder."""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import InputError
from ..model import find_misfit, save_model
from ..model.bundle import METADATA, WEIGHTS
from ..networks import network_of
from ..recipe import load_recipe, parse_recipe
from ..recipe.schema import Recipe
from .optimizing.checkpoint import BEST, LAST, BestWeights, Checkpoint, load_checkpoint

# What the weights depend on. The rest of a recipe (inference, post-processing) may be chosen after training.
TRAINED = ("labels", "classification", "preparation", "network")


def export_run(
    run: str | Path,
    folder: str | Path,
    metadata: dict,
    recipe_text: str | None = None,
    weights: str = "last",
    *,
    overwrite: bool = False,
) -> None:
    """Write a run's averaged weights, in half precision, with its recipe and a description.

    Parameters
    ----------
    run : str or Path
        Folder of a run.
    folder : str or Path
        The model folder to write.
    metadata : dict
        At least ``version``.
    recipe_text : str, optional
        A recipe in place of the run's own, of the same labels, preparation and network.
    weights : {"last", "best"}
        Those of the last checkpoint, or those that did best in validation.
    overwrite : bool
        Let the model take the place of one that is in ``folder``.

    Raises
    ------
    InputError
        Before anything is written: no run, weights that are not finite, a recipe that they do not fit, or a model in
        ``folder`` that is not to be overwritten.
    """
    run = Path(run)
    if not overwrite:
        _refuse_model_in(Path(folder))
    if not (run / LAST).is_file():
        raise InputError("this is no training run: it holds no checkpoint.pt", run, "give the folder of `train -o`")
    if weights == "best" and not (run / BEST).is_file():
        raise InputError("this run was not validated, so no weights are its best", run, "export --weights last")
    checkpoint = (
        load_checkpoint(run / BEST, BestWeights) if weights == "best" else load_checkpoint(run / LAST, Checkpoint)
    )
    trained = load_recipe(run / "recipe.yaml")
    recipe = parse_recipe(recipe_text, "--recipe") if recipe_text else trained
    halved = {name: value.half() if value.is_floating_point() else value for name, value in checkpoint.average.items()}
    _check(halved, trained, recipe, run)
    save_model(folder, halved, recipe_text or trained, {"training_steps": checkpoint.step, **metadata})


def _refuse_model_in(folder: Path) -> None:
    if any((folder / name).exists() for name in (WEIGHTS, METADATA)):
        do = "choose another folder, or replace it by --overwrite"
        raise InputError("there is a model in this folder", folder, do)


def _check(weights: dict[str, torch.Tensor], trained: Recipe, recipe: Recipe, run: Path) -> None:
    for part in TRAINED:
        if getattr(recipe, part) != getattr(trained, part):
            raise InputError(
                f"the run was trained with another '{part}'", run, "only change what comes after training"
            )
    if fault := find_misfit(weights, network_of(recipe).state_dict()):
        raise InputError(f"the weights cannot be exported: {fault}", run, "train again")
