"""Turn a training run into a model folder that `segment --model` takes."""

from __future__ import annotations

import argparse

from ..errors import InputError
from .console import Console

SUMMARY = "turn a training run into a model folder"
SCORES = ("cases", "summary", "confidence_intervals", "strata", "device")  # of a report, what a model's card holds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", metavar="RUN", help="folder of a training run")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL_DIR", help="the model folder to write")
    parser.add_argument(
        "--weights", choices=("last", "best"), default="last", help="of the last step, or of the best validation"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a model that is in MODEL_DIR")
    parser.add_argument("--recipe", metavar="NAME", help="recipe in place of the run's own (the same network)")
    parser.add_argument("--card", metavar="CARD.json", help="what metadata.json should say: version, licence, …")
    parser.add_argument("--scores", metavar="R.json", help="report of `evaluate`, for metadata.json's eval_metrics")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Check that everything fits together, then write the model folder."""
    from ..recipe import load_recipe, recipe_path
    from ..training.export import export_run
    from ..volume.files import read_json

    text = None
    if arguments.recipe:
        load_recipe(arguments.recipe)
        text = recipe_path(arguments.recipe).read_text(encoding="utf-8")
    card = read_json(arguments.card) if arguments.card else {"version": "0"}
    if not isinstance(card.get("version"), str):
        raise InputError("expected a 'version' text", arguments.card, "correct the file")
    if arguments.scores:
        scores = read_json(arguments.scores)
        if "summary" not in scores:
            raise InputError("holds no scores of an evaluation", arguments.scores, "give the report of `evaluate`")
        card["eval_metrics"] = {key: scores[key] for key in SCORES if key in scores}
    export_run(arguments.folder, arguments.output, card, text, arguments.weights, overwrite=arguments.overwrite)
    console.written("model", arguments.output)
