"""How certain the network is of each lesion."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ..measurements.lesions import crop, find_lesions

if TYPE_CHECKING:
    from ..prediction import Prediction


def describe_lesions(prediction: Prediction, labels: Collection[int]) -> list[dict]:
    """Describe each lesion of a mask, the largest first.

    Parameters
    ----------
    prediction : Prediction
    labels : collection of int
        Those that are lesions.

    Returns
    -------
    list of dict
        ``label``: the one it has. ``voxel_zyx``: index in the CT's array of a voxel inside the lesion: of those with
        the highest probability the one nearest to the centroid. ``confidence``: mean probability of a lesion over it,
        as in the report. ``peak``: the highest probability in it.
    """
    probability, box = prediction.probability_in_box()
    corner = [side.start for side in box]
    described = []
    mask = crop(prediction.mask, box)
    for lesion in find_lesions(mask, labels):
        inside = lesion.voxels.array
        here = probability[lesion.box].astype(np.float16)  # as the report has it
        values = here[inside]
        peak = values.max()
        spots = np.argwhere(inside & (here == peak))
        apart = lesion.voxels.grid.to_physical(spots[:, ::-1]) - lesion.centroid
        spot = spots[np.argmin((apart**2).sum(axis=1))]
        described.append(
            {
                "label": int(lesion.values(mask.array)[0]),
                "voxel_zyx": [int(c + b.start + s) for c, b, s in zip(corner, lesion.box, spot, strict=True)],
                "confidence": float(values.mean(dtype=np.float64)),
                "peak": float(peak),
            }
        )
    return described
