"""Words that fit their numbers."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 case``, ``2 cases``; ``plural`` where it is not the noun and an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def first_names(names: Sequence[str], most: int) -> str:
    """List names, and say by ``…`` that there are more than ``most``."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
