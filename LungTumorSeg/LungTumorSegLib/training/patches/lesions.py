"""The lesions of a case among all that is labelled: connected voxels of certain labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..data.cases import TrainingCase
from .cutting import window


def lesions_of(case: TrainingCase, labels: Sequence[int] | None) -> list[np.ndarray]:
    """Return the voxels of each lesion, arrays of shape (n, 3), zyx; None takes all labels for lesions.

    A pancreas with a cancer in it is one labelled component of the case, and the cancer alone is the lesion.
    """
    if labels is None:
        return case.lesions
    return [lesion for component in case.lesions for lesion in _parts(case, component, labels)]


def _parts(case: TrainingCase, component: np.ndarray, labels: Sequence[int]) -> list[np.ndarray]:
    import cc3d

    corner = component.min(axis=0).astype(int)
    shape = tuple(component.max(axis=0).astype(int) - corner + 1)
    inside = tuple((component - corner).T)
    marked = np.zeros(shape, dtype=np.uint8)
    marked[inside] = np.isin(window(case.label, corner, shape, 0, np.uint8)[inside], labels)
    parts = cc3d.connected_components(marked, connectivity=26)
    return [(np.argwhere(parts == k) + corner).astype(np.int16) for k in range(1, int(parts.max()) + 1)]
