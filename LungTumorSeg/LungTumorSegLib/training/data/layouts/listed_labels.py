"""What a ``dataset.json`` calls its labels, and whether they are those of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ....errors import InputError

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


def compare_labels(listed: Mapping[int, str], wanted: Mapping[int, str], where: Path) -> str | None:
    """Compare the labels of a listing with those of a recipe, and say what is taken for what where that differs.

    A recipe of one label takes whatever is marked for it. Of several, names may differ, numbers may not.

    Raises
    ------
    InputError
        The recipe knows others than the listing, by their numbers.
    """
    if len(wanted) == 1 < len(listed):
        return f"the data set has {in_words(listed)}; each of them counts as {wanted[1]}"
    if listed and set(listed) != set(wanted):
        what = f"expected the recipe's labels {in_words(wanted)}, found {in_words(listed)}"
        raise InputError(what, where, "take the recipe that this data is for, or correct the listing")
    others = [number for number, name in listed.items() if name.lower() != wanted[number].lower()]
    taken = ", ".join(f"{number} {listed[number]} as {wanted[number]}" for number in others)
    return f"labels: {taken}" if taken else None


def in_words(labels: Mapping[int, str]) -> str:
    """Return ``1 pancreas, 2 cancer``."""
    return ", ".join(f"{number} {name}" for number, name in labels.items())
