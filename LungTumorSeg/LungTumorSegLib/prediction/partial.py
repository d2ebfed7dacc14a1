"""The mask while the network is still at it: what the windows so far say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..inference.blending import BlendedSum
from ..preparation import PreparedCT
from ..recipe.schema import Recipe
from ..volume.boxes import Box, bounding_box


@dataclass(frozen=True, eq=False)
class PartialPrediction:
    """Windows that have been computed, over a CT.

    Parameters
    ----------
    total : BlendedSum
        Goes on growing; look at it when given, not later.
    prepared : PreparedCT
    recipe : Recipe
    """

    total: BlendedSum
    prepared: PreparedCT
    recipe: Recipe

    def labels(self) -> tuple[np.ndarray, Box]:
        """Label the voxels as if no window were to come, roughly: by the nearest voxel, without post-processing.

        Returns
        -------
        ndarray, tuple of slice
            Labels (uint8) and the part of the CT's array (zyx) that they cover; both empty where nothing was found.
        """
        labels, region, box = self.total.labels(self.recipe.inference.threshold), self.prepared.region, self.total.box
        if region is not None:
            labels *= region[box]
        found = bounding_box(labels)
        if labels[found].size == 0:
            return labels[found], found
        on_grid = tuple(slice(b.start + f.start, b.start + f.stop) for b, f in zip(box, found, strict=True))
        return self.prepared.grid_map.backward_labels(labels[found], on_grid)


Watch = Callable[[PartialPrediction], None]


def look_away(partial: PartialPrediction) -> None:
    """Watch nothing; the default."""
