"""Types of arguments that several commands share."""

from __future__ import annotations

import argparse
import re


def name(text: str) -> str:
    """Parse the name of a file or folder, or of something packaged.

    An empty one (a shell's unset variable) would stand for the working folder, and the libraries that read and write
    images end the whole program over a name that is not UTF-8.
    """
    if not text:
        raise argparse.ArgumentTypeError("is an empty name")
    from ..volume.files import is_utf8

    if not is_utf8(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name in UTF-8; rename it")
    return text


def names(text: str) -> tuple[str, ...]:
    """Parse names that are separated by commas; none at all (a shell's unset variable) is a mistake."""
    found = tuple(part for part in (one.strip() for one in text.split(",")) if part)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} holds no name")
    return found


def share(text: str) -> float:
    """Parse an overlap: a number from 0 to below 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1")
    return value


def device(text: str) -> str:
    """Parse a device's name; whether it is there is asked later."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:N")
    return text


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare the option that changes how a trained network is used."""
    parser.add_argument(
        "--set",
        type=str,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the model's recipe under inference or postprocessing: inference.mirror_axes=[x,y,z], "
        "inference.quantization=int8, …; see docs/inference.md",
    )


def positive_int(text: str) -> int:
    """Parse a whole number from 1."""
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def not_negative_int(text: str) -> int:
    """Parse a whole number from 0."""
    if not re.fullmatch(r"\d{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def labels(text: str) -> tuple[int, ...]:
    """Parse labels that are separated by commas, each once."""
    found = tuple(positive_int(part.strip()) for part in text.split(","))
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} names a label twice")
    return found


def fold(text: str) -> tuple[int, int]:
    """Parse which of how many parts: ``2/5`` is the second of five."""
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    k, n = (int(number) for number in match.groups()) if match else (0, 0)
    if not 1 <= k <= n or n < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N, such as 2/5 for the second of five parts")
    return k, n
