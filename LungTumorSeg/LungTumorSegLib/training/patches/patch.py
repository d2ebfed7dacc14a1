"""A training patch: what the sampler draws, augmentation changes and batches are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ShapeZYX = tuple[int, int, int]
NO_CLASS = -1  # of a patch that tells nothing about the classes of lesions


@dataclass(frozen=True, eq=False)
class Patch:
    """``hu`` (float32) and ``label`` (uint8), zyx on the prepared grid; and the class of the lesions in it.

    ``subtype`` is that of the case; None where it is not known, or where lesions of several classes are mixed.
    """

    hu: np.ndarray
    label: np.ndarray
    subtype: int | None = None
