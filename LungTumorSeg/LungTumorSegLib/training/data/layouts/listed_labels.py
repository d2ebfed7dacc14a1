"""What a ``dataset.json`` calls its labels, and whether they are those of a recipe."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ....errors import InputError

log = logging.getLogger(__name__)

IGNORE = "ignore"  # nnU-Net's name of voxels whose truth is not known


def label_names(listing: dict) -> dict[int, str]:
    """Return the labels of a listing without the background, and without those to ignore.

    The Decathlon lists numbers to names, nnU-Net names to numbers. Nothing is returned where a listing says nothing,
    or unites labels to regions, as nnU-Net's may.
    """
    labels = listing.get("labels")
    names = {}
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if isinstance(value, str) and key.isascii() and key.isdigit():
            names[int(key)] = value
        elif type(value) is int:
            names[value] = key
        else:
            return {}
    return {number: name for number, name in sorted(names.items()) if number and name.lower() != IGNORE}


def ignore_value(listing: dict) -> int | None:
    """Return the value of nnU-Net's label ``ignore``, where there is one."""
    labels = listing.get("labels")
    return int(labels[IGNORE]) if isinstance(labels, dict) and IGNORE in labels else None


def check_labels(listed: Mapping[int, str], wanted: Mapping[int, str], where: Path) -> None:
    """Compare the labels of a listing with those of a recipe.

    A recipe of one label takes whatever is marked for it, which the log says where there are several. Names may
    differ; the log says what is taken for what.

    Raises
    ------
    InputError
        The recipe knows others than the listing, by their numbers.
    """
    if len(wanted) == 1 < len(listed):
        log.info("the data set has %s; each of them counts as %s", in_words(listed), *wanted.values())
    elif listed and set(listed) != set(wanted):
        what = f"expected the recipe's labels {in_words(wanted)}, found {in_words(listed)}"
        raise InputError(what, where, "take the recipe that this data is for, or correct the listing")
    elif others := [number for number, name in listed.items() if name.lower() != wanted[number].lower()]:
        log.info("labels: %s", ", ".join(f"{number} {listed[number]} as {wanted[number]}" for number in others))


def in_words(labels: Mapping[int, str]) -> str:
    """Return ``1 pancreas, 2 cancer``."""
    return ", ".join(f"{number} {name}" for number, name in labels.items())
