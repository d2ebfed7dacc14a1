"""Where two recipes differ."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .schema import Recipe


def differences(first: Recipe, second: Recipe) -> Iterator[tuple[str, str, str]]:
    """Yield each key in which two recipes differ, as for ``--set``, with both values as they are written in YAML."""
    yield from _differences(first.model_dump(mode="json"), second.model_dump(mode="json"))


def _differences(first: dict, second: dict, parents: str = "") -> Iterator[tuple[str, str, str]]:
    for key in {**first, **second}:
        one, other = first.get(key), second.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, f"{parents}{key}.")
        elif one != other:
            yield f"{parents}{key}", json.dumps(one, ensure_ascii=False), json.dumps(other, ensure_ascii=False)
