"""How much two masks have in common, and how far two numbers are apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..volume.boxes import inside
from .lesions import Lesion


def shared_voxels(ones: Sequence[Lesion], others: Sequence[Lesion]) -> np.ndarray:
    """Count the voxels that lesions of two masks on the same grid have in common.

    Returns
    -------
    ndarray of int, (ones, others)
        One number for each pair of lesions.
    """
    shared = np.zeros((len(ones), len(others)), dtype=np.int64)
    if shared.size == 0:
        return shared
    (low, high), (other_low, other_high) = _corners(ones), _corners(others)
    meeting = np.all((low[:, None] < other_high) & (other_low < high[:, None]), axis=2)
    for i, j in np.argwhere(meeting):
        one, other = ones[i], others[j]
        common = tuple(
            slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one.box, other.box, strict=True)
        )
        mine, theirs = (lesion.voxels.array[inside(common, lesion.box)] for lesion in (one, other))
        shared[i, j] = np.count_nonzero(mine & theirs)
    return shared


def _corners(lesions: Sequence[Lesion]) -> tuple[np.ndarray, np.ndarray]:
    """First indices, and the ones after the last, (n, 3), of the lesions' boxes."""
    low = np.array([lesion.corner for lesion in lesions])
    return low, low + [lesion.voxels.grid.size for lesion in lesions]


def voxel_count(lesions: Iterable[Lesion]) -> int:
    """Number of voxels of all lesions together."""
    return sum(lesion.count for lesion in lesions)


def dice(common: int, size: int, other_size: int) -> float:
    """Dice coefficient ``2 |A and B| / (|A| + |B|)`` (Dice, Ecology 1945) from numbers of voxels.

    Both masks empty is an error of the caller: 0 / 0 has no value.
    """
    return 2.0 * common / (size + other_size)


def relative_error(value: float, reference: float) -> float:
    """``|value - reference| / reference``."""
    return abs(value - reference) / reference
