"""Dice between the contenders' masks, after the same post-processing.

The recipe looks for tumours in the lungs, and drops components that it believes too little. MONAI and nnU-Net know
nothing of either, so both are applied to their masks too, with the clock stopped: the same lung region for all, and
the same probabilities (those of MONAI in float32) for telling which components stay.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.measurements.overlap import dice
from LungTumorSegLib.postprocessing import postprocess
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.volume import read_ct, read_mask


class SharedPostprocessing:
    """The recipe's post-processing for masks of anybody.

    Parameters
    ----------
    ct : Path
    recipe : Recipe
    probability : Path
        What MONAI's float32 run left behind (`job.Job.probability`).
    """

    def __init__(self, ct: Path, recipe: Recipe, probability: Path):
        self.ct = read_ct(ct)
        self.settings = recipe.postprocessing
        self.probability = np.load(probability).astype(np.float32)
        inside = self.settings.inside_region and recipe.preparation.region == "lungs"
        self.region = find_lungs(self.ct).region if inside else None

    def apply(self, path: Path) -> np.ndarray:
        """Read a mask, and return what the recipe leaves of it: (z, y, x), bool."""
        mask = read_mask(path)
        if not mask.grid.same_as(self.ct.grid):
            raise ValueError(f"{path.name} does not lie on the CT's grid")
        labels = mask.array if self.region is None else mask.array * self.region
        return (
            postprocess(
                labels, self.ct.array, self.ct.grid.spacing, self.settings, self.probability, region=self.region
            )
            > 0
        )


def compare_masks(masks: dict[str, Path], ct: Path, recipe: Recipe, probability: Path) -> dict[str, dict]:
    """Compare every contender's mask with every other's.

    Returns
    -------
    dict
        Of each contender ``ml`` (volume of what is left of its mask) and ``dice`` (with each other one; None where
        both are empty).
    """
    shared = SharedPostprocessing(ct, recipe, probability)
    left = {key: shared.apply(path) for key, path in masks.items()}
    voxel_ml = shared.ct.grid.voxel_ml
    sizes = {key: int(np.count_nonzero(mask)) for key, mask in left.items()}
    return {
        key: {
            "ml": sizes[key] * voxel_ml,
            "dice": {other: _dice(left[key], left[other], sizes[key], sizes[other]) for other in left if other != key},
        }
        for key in left
    }


def _dice(one: np.ndarray, other: np.ndarray, size: int, other_size: int) -> float | None:
    return dice(int(np.count_nonzero(one & other)), size, other_size) if size + other_size else None
