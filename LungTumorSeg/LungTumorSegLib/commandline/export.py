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
    parser.add_argument("folder", metavar="RUN", help="folder of a training run")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL_DIR", help="the model folder to write")
    parser.add_argument("--recipe", metavar="NAME", help="recipe in place of the run's own (the same network)")
    parser.add_argument("--card", metavar="CARD.json", help="what metadata.json should say: version, licence, …")
    parser.add_argument("--scores", metavar="R.json", help="report of `evaluate`, for metadata.json's eval_metrics")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Check that everything fits together, then write the model folder."""
    from ..recipe import load_recipe, recipe_path
    from ..training.export import export_run

    text = None
    if arguments.recipe:
        load_recipe(arguments.recipe)
        text = recipe_path(arguments.recipe).read_text(encoding="utf-8")
    card = _read_json(arguments.card) if arguments.card else {"version": "0"}
    if not isinstance(card.get("version"), str):
        raise InputError("expected a 'version' text", arguments.card, "correct the file")
    if arguments.scores:
        scores = _read_json(arguments.scores)
        card["eval_metrics"] = {key: scores[key] for key in ("cases", "summary", "device") if key in scores}
    export_run(arguments.folder, arguments.output, card, text)
    console.written("model", arguments.output)


def _read_json(path: str) -> dict:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("cannot be read as JSON", path, "correct the file") from error
    if not isinstance(content, dict):
        raise InputError("expected a JSON object", path, "correct the file")
    return content


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which Python reads, and which no other reader of metadata.json would."""
    raise ValueError(f"{constant} is not JSON")
