"""Words that fit their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 case``, ``2 cases``; ``plural`` where it is not the noun and an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def first_names(names: Sequence[str], most: int) -> str:
    """List names, and say by ``…`` that there are more than ``most``."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def class_in_words(classification: Mapping) -> str:
    """Say the class of a CT's lesions in a line.

    Parameters
    ----------
    classification : mapping
        A report's: ``name`` of the class, None where no lesion was found, and ``probabilities`` by name.
    """
    if classification["name"] is None:
        return "class of the lesions: none, as none was found"
    chances = ", ".join(f"{name} {value:.2f}" for name, value in classification["probabilities"].items())
    return f"class of the lesions: {classification['name']} (probabilities: {chances})"
