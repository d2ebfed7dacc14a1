"""Write a model folder, whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..volume.files import check_writable, write_text
from .bundle import METADATA, RECIPE, WEIGHTS

if TYPE_CHECKING:
    import torch

    from ..recipe.schema import Preparation, Recipe


def save_model(folder: str | Path, weights: Mapping[str, torch.Tensor], recipe: Recipe | str, metadata: dict) -> None:
    """Write weights, recipe and description as one model folder.

    Parameters
    ----------
    folder : str or Path
        Appears whole or not at all; an older model there is replaced.
    weights : mapping of str to torch.Tensor
        The network's state; the precision is kept (half precision halves the file).
    recipe : Recipe or str
        As an object, or as YAML text whose comments are kept.
    metadata : dict
        At least ``version``. Library versions and ``network_data_format`` are filled in where they are not given.

    Raises
    ------
    InputError
        ``folder`` exists and is not a model, is the working folder, or cannot be written.
    """
    from safetensors.torch import save_file

    from ..recipe import dump_recipe, parse_recipe

    text = recipe if isinstance(recipe, str) else dump_recipe(recipe)
    description = describe(parse_recipe(text, RECIPE), metadata)
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    with _folder_at_once(Path(folder)) as temporary:
        save_file(tensors, temporary / WEIGHTS, metadata={"format": "pt"})
        write_text(temporary / RECIPE, text)
        write_text(temporary / METADATA, json.dumps(description, indent=2, ensure_ascii=False) + "\n")
        # safetensors leaves its file to the owner alone; an installed model is for everybody.
        shutil.copymode(temporary / METADATA, temporary / WEIGHTS)


def describe(recipe: Recipe, metadata: dict) -> dict:
    """Return ``metadata`` in the order of a MONAI bundle, with what can be derived filled in."""
    if not isinstance(metadata.get("version"), str):
        raise ValueError("metadata needs a 'version' text")
    derived = {
        "version": metadata["version"],
        "monai_version": version("monai"),
        "pytorch_version": version("torch").partition("+")[0],
        "numpy_version": version("numpy"),
        "task": recipe.description,
        "network_data_format": data_format(recipe),
    }
    return {**derived, **metadata}


def data_format(recipe: Recipe) -> dict:
    """Describe what goes into the network and what comes out, as a MONAI bundle does."""
    from ..recipe import refuse_unplanned

    refuse_unplanned(recipe)
    windows = recipe.preparation.windows_hu
    common = {"type": "image", "spatial_shape": list(recipe.inference.window_size), "dtype": "float32"}
    image = {
        **common,
        "format": "hounsfield",
        "modality": "CT",
        "num_channels": len(windows),
        "value_range": _value_range(recipe.preparation),
        "is_patch_data": True,
        "channel_def": {str(k): f"{low:g}..{high:g} HU" for k, (low, high) in enumerate(windows)},
    }
    prediction = {
        **common,
        "format": "segmentation",
        "num_channels": 1 + len(recipe.labels),
        "value_range": [0, 1],
        "is_patch_data": True,
        "channel_def": {"0": "background", **{str(k): name for k, name in recipe.labels.items()}},
    }
    return {"inputs": {"image": image}, "outputs": {"pred": prediction}}


def _value_range(preparation: Preparation) -> list[float]:
    """Return the lowest and the highest value that the network can be given."""
    if preparation.normalization is None:
        return [-1, 1]
    ends = [
        (hu - mean) / deviation
        for window, (mean, deviation) in zip(preparation.windows_hu, preparation.normalization, strict=True)
        for hu in window
    ]
    return [round(min(ends), 4), round(max(ends), 4)]


@contextmanager
def _folder_at_once(folder: Path):
    """Give a temporary folder that becomes ``folder`` when the body ends well, and is removed otherwise."""
    check_writable(folder / WEIGHTS)
    folder = Path(os.path.realpath(folder))
    if os.path.lexists(folder) and not _is_model(folder):
        raise InputError("exists and is not a model", folder, "choose another place")
    if folder.exists() and folder.samefile("."):
        raise InputError("is the working folder, which cannot be replaced", folder, "give the name of a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{secrets.token_hex(8)}")
    old = folder.with_name(f".{secrets.token_hex(8)}")
    try:
        temporary.mkdir()
        yield temporary
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _is_model(folder: Path) -> bool:
    """Tell whether ``folder`` holds nothing but a model (an empty folder counts)."""
    return folder.is_dir() and {entry.name for entry in folder.iterdir()} <= {WEIGHTS, RECIPE, METADATA}
