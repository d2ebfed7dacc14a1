"""Make synthetic chest CTs with tumours and their masks, as a data set in the Decathlon's layout."""

from __future__ import annotations

import argparse

from .arguments import not_negative_int, positive_int
from .console import Console

SUMMARY = "make synthetic chest CTs with tumours and their masks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("-n", "--number", type=positive_int, default=1, metavar="N", help="how many (default: 1)")
    parser.add_argument("--seed", type=not_negative_int, default=0, metavar="S", help="of the first one (default: 0)")
    parser.add_argument("--size", type=positive_int, nargs=3, metavar=("X", "Y", "Z"), help="voxels")
    parser.add_argument("--spacing", type=float, nargs=3, metavar=("X", "Y", "Z"), help="mm")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Make and write the data set."""
    from ..phantom.dataset import write_dataset
    from ..phantom.phantom import SIZE, SPACING

    write_dataset(
        arguments.output,
        arguments.number,
        arguments.seed,
        size=tuple(arguments.size or SIZE),
        spacing=tuple(arguments.spacing or SPACING),
        progress=console.progress,
    )
    console.written("data set", arguments.output)
