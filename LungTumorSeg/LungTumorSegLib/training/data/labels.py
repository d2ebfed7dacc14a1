"""The values of a mask, and the labels of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...volume import Volume


def check_values(mask: Volume | None, labels: Mapping[int, str], where: Path | None) -> None:
    """Check that a mask marks nothing but a recipe's labels.

    With one label every mark means it, whatever its value (255, often).

    Parameters
    ----------
    mask : Volume or None
        Without voxels whose truth is not known.
    labels : mapping of int to str
        The recipe's, numbered from 1.
    where : Path or None
        The mask's file.

    Raises
    ------
    InputError
        Names the values that no label has.
    """
    if mask is None or len(labels) == 1 or int(mask.array.max(initial=0)) <= max(labels):
        return
    values = np.unique(mask.array[mask.array > max(labels)])
    expected = ", ".join(f"{number} {name}" for number, name in labels.items())
    found = ", ".join(map(str, values[:5].tolist()))
    what = f"expected the values 0 background, {expected}, found {found} as well"
    raise InputError(what, where, "take the recipe that this data is for, or correct the mask")
