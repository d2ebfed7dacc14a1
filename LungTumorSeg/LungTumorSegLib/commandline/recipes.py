"""List the packaged recipes, or print one (`recipes show NAME`)."""

from __future__ import annotations

import argparse

from .console import Console

SUMMARY = "list the recipes, or print one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", nargs="?", choices=("show",), help="show: print one recipe as YAML")
    parser.add_argument("recipe", nargs="?", metavar="NAME", help="name of a packaged recipe, or a YAML file")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Print one recipe, checked, with its comments; or every name with its description."""
    from ..errors import InputError
    from ..recipe import available, load_recipe, recipe_path

    if arguments.action is None:
        for name in available():
            description = load_recipe(name).description
            console.result(f"{name:<24}{description}", "recipe", name=name, description=description)
        return
    if arguments.recipe is None:
        raise InputError("`recipes show` needs a name", do=f"choose among {', '.join(available())}")
    content = load_recipe(arguments.recipe).model_dump(mode="json")
    text = recipe_path(arguments.recipe).read_text(encoding="utf-8").rstrip()
    console.result(text, "recipe", name=content["name"], content=content)
