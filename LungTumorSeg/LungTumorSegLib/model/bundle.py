"""Read a model folder: ``model.safetensors``, ``recipe.yaml`` and ``metadata.json``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..recipe.schema import Recipe

PACKAGED = Path(__file__).resolve().parent.parent / "models"
WEIGHTS, RECIPE, METADATA = "model.safetensors", "recipe.yaml", "metadata.json"
RUN_CHECKPOINT = "checkpoint.pt"  # what a training run holds in place of weights
PICKLE_SUFFIXES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")


@dataclass(frozen=True, eq=False)
class Model:
    """A model folder whose recipe and description have been read; the weights are read when asked for.

    Attributes
    ----------
    path : Path
        The folder.
    name : str
        The folder's name, which is also the name of a packaged model.
    recipe : Recipe
        What the network was trained with and is applied with.
    metadata : dict
        Version, licence, intended use, training data, measured results; keys as in a MONAI bundle.
    settings : tuple of str
        ``key=value`` each: what of the recipe was changed after loading.
    """

    path: Path
    name: str
    recipe: Recipe
    metadata: dict
    settings: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Version of the weights."""
        return self.metadata["version"]

    def state_dict(self) -> dict:
        """Read the weights: tensor name to ``torch.Tensor`` on the CPU.

        Raises
        ------
        InputError
            The file is truncated or not in the safetensors format (a pickle, say); it is never unpickled.
        """
        from .tensors import read_tensors

        return read_tensors(self.path / WEIGHTS)

    def describe(self) -> dict:
        """Return the report's ``model`` part; the checksum tells which weights were used."""
        checksum = hashlib.sha256((self.path / WEIGHTS).read_bytes()).hexdigest()
        about = {"name": self.name, "version": self.version, "recipe": self.recipe.name, "weights_sha256": checksum}
        return about | ({"set": list(self.settings)} if self.settings else {})

    def used_with(self, settings: list[str]) -> Model:
        """Return this model with another ``inference`` or ``postprocessing``: ``key=value`` each.

        Raises
        ------
        InputError
            Names the key and what was expected.
        """
        from ..recipe import override_use

        recipe = override_use(self.recipe, settings)
        return replace(self, recipe=recipe, settings=(*self.settings, *settings))


def available() -> list[str]:
    """Return the names of the packaged models."""
    return sorted(folder.parent.name for folder in PACKAGED.glob(f"*/{METADATA}"))


def found_by(name_or_dir: str | Path) -> list[str]:
    """Return the names of what a model finds, by its description alone; nothing where that does not say it."""
    folder = PACKAGED / name_or_dir if str(name_or_dir) in available() else Path(name_or_dir)
    try:
        metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
        channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
        return [str(name) for number, name in channels.items() if number != "0"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []


def load_model(name_or_dir: str | Path) -> Model:
    """Read a packaged model by name, or a model folder by path.

    Parameters
    ----------
    name_or_dir : str or Path
        A name of `available` goes before a folder of the same name; write ``./NAME`` for the folder.

    Raises
    ------
    InputError
        No such model, a file missing, a description that is not JSON, or a recipe that is not valid.
    """
    from ..recipe import parse_recipe  # not above: the names of the packaged models are listed without pydantic

    folder = PACKAGED / name_or_dir if str(name_or_dir) in available() else Path(name_or_dir)
    _check_files(folder, name_or_dir)
    recipe = parse_recipe(_read(folder / RECIPE), folder / RECIPE)
    return Model(folder, folder.resolve().name, recipe, _read_metadata(folder / METADATA))


def _check_files(folder: Path, given: str | Path) -> None:
    from ..recipe import available as recipes

    if folder.is_file():
        raise InputError(
            "is a file, and a model is a folder" + _about_pickles(folder),
            given,
            f"give the folder that holds {WEIGHTS}, {RECIPE} and {METADATA}",
        )
    if not folder.is_dir():
        names = ", ".join(available()) or "none is packaged"
        what = "there is no such model"
        if str(given) in recipes():
            what = "this is a recipe without packaged weights: a model of it has to be trained and exported"
        raise InputError(what, given, f"give a model folder or a packaged name ({names})")
    if (folder / RUN_CHECKPOINT).is_file() and not (folder / WEIGHTS).is_file():
        do = f"make a model of it first: lungtumorseg export {given} -o MODEL_DIR"
        raise InputError(f"the model lacks {WEIGHTS}: this is a training run", given, do)
    for name in (WEIGHTS, RECIPE, METADATA):
        if not (folder / name).is_file():
            pickled = next((f for f in sorted(folder.iterdir()) if f.suffix.lower() in PICKLE_SUFFIXES), None)
            reason = _about_pickles(pickled) if pickled and name == WEIGHTS else ""
            raise InputError(f"the model lacks {name}{reason}", given, "export or copy the model again")


def _about_pickles(path: Path) -> str:
    """Say why a checkpoint in Python's pickle format is not read."""
    if path.suffix.lower() not in PICKLE_SUFFIXES:
        return ""
    return f" ({path.name} looks like a pickle, which can run code when it is read; weights must be {WEIGHTS})"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read as text ({type(error).__name__})", path, "copy the model again") from error


def _read_metadata(path: Path) -> dict:
    try:
        metadata = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON ({error})", path, "copy the model again") from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get("version"), str):
        raise InputError("expected a JSON object with a 'version' text", path, "correct the file")
    return metadata
