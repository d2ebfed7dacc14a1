"""How much two masks have in common, and how far two numbers are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..volume.boxes import inside
from .lesions import Lesion


def shared_voxels(one: Lesion, other: Lesion) -> int:
    """Count the voxels that two lesions of masks on the same grid have in common."""
    common = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one.box, other.box, strict=True))
    if any(side.start >= side.stop for side in common):
        return 0
    mine, theirs = (lesion.voxels.array[inside(common, lesion.box)] for lesion in (one, other))
    return int(np.count_nonzero(mine & theirs))


def dice(ones: Sequence[Lesion], others: Sequence[Lesion]) -> float:
    """Dice coefficient ``2 |A and B| / (|A| + |B|)`` of two sets of lesions (Dice, Ecology 1945).

    Returns
    -------
    float
        From 0 to 1. Both sets empty is an error of the caller: 0 / 0 has no value.
    """
    common = sum(shared_voxels(one, other) for one in ones for other in others)
    return 2.0 * common / (sum(one.count for one in ones) + sum(other.count for other in others))


def relative_error(value: float, reference: float) -> float:
    """``|value - reference| / reference``."""
    return abs(value - reference) / reference
