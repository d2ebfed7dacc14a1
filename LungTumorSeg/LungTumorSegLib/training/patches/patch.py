"""A training patch: what the sampler draws, augmentation changes and batches are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ShapeZYX = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Patch:
    """``hu`` (float32) and ``label`` (uint8), zyx on the prepared grid."""

    hu: np.ndarray
    label: np.ndarray
