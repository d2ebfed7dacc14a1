"""Coarse to fine: where a few windows leave open what all of them would say.

A coarse pass takes few of the grid's windows. Where the foreground is out of the question after it, and all around,
the answer is background. All windows of the grid that see any other voxel are then computed, those of the coarse
pass not again: there the sums are those of every window.
"""

from __future__ import annotations

import numpy as np

from .blending import BlendedSum

# Chosen with the packaged network on two phantoms and three training scans, so that no voxel was lost there that all
# windows together label and post-processing keeps. Masks were then the same as every window's on six scans and a
# phantom, some of them those: seen, not proven. Testing/benchmark/coarse_to_fine.py compares them on any scans.
DOUBT = 0.1  # for a threshold of 0.5
MARGIN = 2  # voxels


def in_doubt(
    total: BlendedSum, region: np.ndarray | None = None, least: float = DOUBT, peak: float = 0.0
) -> np.ndarray:
    """Find the voxels that the coarse pass leaves in doubt.

    These are connected places (by faces, edges and corners) with a foreground probability of at least ``least``,
    widened by `MARGIN` along each axis.

    Parameters
    ----------
    total : BlendedSum
        Sums of the coarse pass; its channels are logits relative to the background's.
    region : bool ndarray, zyx, on the sums' box, optional
        Elsewhere there is no doubt.
    least : float
        Above 0.
    peak : float
        A place is passed over where the probability is lower than this everywhere.

    Returns
    -------
    bool ndarray, zyx, on the sums' box
    """
    doubt = total.reaches(least).cpu().numpy()
    if region is not None:
        doubt &= region
    if peak > least:
        doubt = _reaching(doubt, total.reaches(peak).cpu().numpy() & doubt)
    doubt = spread(doubt, MARGIN)
    return doubt if region is None else doubt & region


def _reaching(places: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Keep the connected places (bool, zyx) that hold one of ``peaks``."""
    import cc3d

    numbers, count = cc3d.connected_components(places.astype(np.uint8), connectivity=26, return_N=True)
    stays = np.zeros(count + 1, dtype=bool)
    stays[np.unique(numbers[peaks])] = True
    return stays[numbers]


def spread(mask: np.ndarray, margin: int) -> np.ndarray:
    """Dilate ``mask`` (bool, zyx) by a cube that reaches ``margin`` voxels from its centre."""
    # What SciPy's `maximum_filter` does, in a sixth of its time on 200 x 150 x 190 voxels (margin 2).
    for axis in range(mask.ndim):
        grown = mask.copy()
        here, out = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
        for step in range(1, min(margin, len(here) - 1) + 1):
            out[step:] |= here[:-step]
            out[:-step] |= here[step:]
        mask = grown
    return mask
