"""How much memory it takes to train a residual-encoder U-Net, counted rather than tried.

What fills a GPU in training are the outputs of the convolutions, which are kept for the way back. nnU-Net counts them
for one patch, and has measured what that stands for: 680 million values of a patch, in batches of two, are its preset
for 8 GB (float16 under autocast). This is its count, and its measure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .topology import Triple

VALUES_PER_GB = 2 * 680e6 / 8  # of all patches of a batch


def values_of_a_patch(
    size: Triple, strides: Sequence[Triple], channels: Sequence[int], blocks: Sequence[int], classes: int
) -> int:
    """Count the values that the convolutions give for one patch.

    Parameters
    ----------
    size : tuple of int, xyz
    strides : sequence of (x, y, z)
        From each level to the next.
    channels, blocks : sequence of int
        Of each level, from the finest.
    classes : int
        Labels and background.
    """
    voxels = [math.prod(size)]
    for stride in strides:
        voxels.append(voxels[-1] // math.prod(stride))
    total = voxels[0] * channels[0]  # the stem
    before = channels[0]
    for level, (features, count) in enumerate(zip(channels, blocks, strict=True)):
        shortcut = 1 if level and (features != before or max(strides[level - 1]) > 1) else 0
        total += voxels[level] * features * (2 * count + shortcut)
        before = features
    decoder = sum(n * features for n, features in zip(voxels[:-1], channels[:-1], strict=True))
    supervised = sum(voxels[: max(1, len(strides) - 1)]) * classes
    return total + 2 * decoder + supervised  # a transposed convolution and a convolution on each level


def gigabytes(values: int, batch_size: int) -> float:
    """Return what a batch takes, by that measure."""
    return values * batch_size / VALUES_PER_GB
