"""Turn a training run into a model folder that `segment --model` takes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..errors import InputError
from .console import Console

SUMMARY = "turn a training run into a model folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run", metavar="RUN", help="folder of a training run")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL_DIR", help="the model folder to write")
    parser.add_argument("--recipe", metavar="NAME", help="recipe in place of the run's own (the same network)")
    parser.add_argument("--card", metavar="CARD.json", help="what metadata.json should say: version, licence, …")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Write the model folder, and load it once to see that it fits."""
    from ..model import load_model
    from ..networks import load_network
    from ..recipe import load_recipe, recipe_path
    from ..training.export import export_run

    text = None
    if arguments.recipe:
        load_recipe(arguments.recipe)
        text = recipe_path(arguments.recipe).read_text(encoding="utf-8")
    export_run(arguments.run, arguments.output, _read_card(arguments.card), text)
    load_network(load_model(str(Path(arguments.output).resolve())))
    console.written("model", arguments.output)


def _read_card(path: str | None) -> dict:
    if path is None:
        return {"version": "0"}
    try:
        card = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("the card cannot be read as JSON", path, "correct the file") from error
    if not isinstance(card, dict) or not isinstance(card.get("version"), str):
        raise InputError("expected a JSON object with a 'version' text", path, "correct the file")
    return card
