"""Ways to spoil a sound data set: each returns a function that is given its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from LungTumorSegLib.volume import Grid, Volume, read_mask, write_mask


def away(path: str) -> Callable:
    """Take a file or folder out."""

    def spoil(folder: Path) -> None:
        place = folder / path
        shutil.rmtree(place) if place.is_dir() else place.unlink()

    return spoil


def renamed(path: str, name: str) -> Callable:
    return lambda folder: (folder / path).rename((folder / path).with_name(name))


def written(path: str, content: str | bytes = b"") -> Callable:
    """Put a file of this content in the place of whatever is there."""

    def spoil(folder: Path) -> None:
        if (folder / path).is_dir():
            shutil.rmtree(folder / path)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)

    return spoil


def emptied(path: str) -> Callable:
    """Leave an empty folder."""

    def spoil(folder: Path) -> None:
        if (folder / path).is_dir():
            shutil.rmtree(folder / path)
        else:
            (folder / path).unlink()
        (folder / path).mkdir()

    return spoil


def listing(*, without: str | None = None, **changes) -> Callable:
    """Change keys of ``dataset.json``."""

    def spoil(folder: Path) -> None:
        path = folder / "dataset.json"
        content = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in content.items() if key != without}))

    return spoil


def marked(path: str, value: int) -> Callable:
    """Mark a voxel with another value."""

    def spoil(folder: Path) -> None:
        mask = read_mask(folder / path)
        mask.array[0, 0, 0] = value
        write_mask(folder / path, mask)

    return spoil


def elsewhere(path: str) -> Callable:
    """Put a mask on another grid."""
    return lambda folder: write_mask(folder / path, Volume(np.ones((4, 5, 6), np.uint8), Grid((6, 5, 4))))


def arrays(path: str, **content: np.ndarray) -> Callable:
    return lambda folder: np.savez(folder / path, **content)


def both(*ways: Callable) -> Callable:
    def spoil(folder: Path) -> None:
        for way in ways:
            way(folder)

    return spoil
