"""From a training run to a model folder."""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import InputError
from ..model import save_model
from ..recipe import load_recipe
from .checkpoint import load_checkpoint


def export_run(run: str | Path, folder: str | Path, metadata: dict, recipe_text: str | None = None) -> None:
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
        A recipe in place of the run's own; its network must be the same.
    """
    run = Path(run)
    if not (run / "checkpoint.pt").is_file():
        raise InputError("this is no training run: it holds no checkpoint.pt", run, "give the folder of `train -o`")
    checkpoint = load_checkpoint(run / "checkpoint.pt")
    trained = load_recipe(run / "recipe.yaml")
    weights = {
        name: value.half() if value.is_floating_point() else value for name, value in checkpoint.average.items()
    }
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError("the run's weights are not finite", run, "train again with a lower learning rate")
    save_model(folder, weights, recipe_text or trained, {"training_steps": checkpoint.step, **metadata})
