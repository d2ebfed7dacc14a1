"""The images of one case, whatever its data set keeps them in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...volume import Volume


@dataclass(frozen=True, eq=False)
class CaseImages:
    """A CT and what is known of it.

    Attributes
    ----------
    ct : Volume
        In HU.
    mask : Volume or None
        Labels on the CT's grid; None for a CT known to show no tumour.
    ignore : ndarray of bool, zyx, or None
        Voxels whose truth is not known; where the mask marks one of them all the same, the mask counts.
    searched_for : frozenset of int, or None
        The labels whose segments or ROIs were looked for in a DICOM annotation; None for a mask that is a label map.
    """

    ct: Volume
    mask: Volume | None
    ignore: np.ndarray | None
    searched_for: frozenset[int] | None = None
