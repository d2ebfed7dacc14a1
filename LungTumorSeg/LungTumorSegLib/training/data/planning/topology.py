"""Levels and strides for a patch: each level halves the axes that are fine enough and long enough to be halved."""

from __future__ import annotations

import math

Triple = tuple[int, int, int]
SpacingMM = tuple[float, float, float]

WITHIN = 2.0  # times: axes whose spacing is less than this above the finest one's are halved together


def strides_for(spacing: SpacingMM, size: Triple, smallest_edge: int) -> tuple[Triple, ...]:
    """Return the strides from level to level for a patch (xyz, as all here).

    An axis can be halved while it leaves ``smallest_edge`` voxels; of those that can, the finest and all within twice
    its spacing are. A single axis is left alone unless it is half as long again, so that no level exists for a sliver.

    Parameters
    ----------
    spacing : tuple of float, mm
    size : tuple of int
    smallest_edge : int
    """
    spacing, size, strides = list(spacing), list(size), []
    while True:
        long_enough = [axis for axis in range(3) if size[axis] >= 2 * smallest_edge]
        finest = min((spacing[axis] for axis in long_enough), default=0.0)
        halved = [axis for axis in long_enough if spacing[axis] < WITHIN * finest]
        if not halved or (len(halved) == 1 and size[halved[0]] < 3 * smallest_edge):
            return tuple(strides)
        strides.append(tuple(2 if axis in halved else 1 for axis in range(3)))
        for axis in halved:
            spacing[axis], size[axis] = 2 * spacing[axis], math.ceil(size[axis] / 2)


def factor_of(strides: tuple[Triple, ...]) -> Triple:
    """Return what each axis of a patch must be a multiple of."""
    return tuple(math.prod(stride[axis] for stride in strides) for axis in range(3))


def rounded_up(size: Triple, factor: Triple) -> Triple:
    """Return the smallest multiples that hold ``size``."""
    return tuple(step * math.ceil(n / step) for n, step in zip(size, factor, strict=True))


def fitted(spacing: SpacingMM, size: Triple, smallest_edge: int) -> tuple[Triple, tuple[Triple, ...]]:
    """Return a patch that is halved evenly by its own strides, and these."""
    strides = strides_for(spacing, size, smallest_edge)
    return rounded_up(size, factor_of(strides)), strides


def one_step_smaller(spacing: SpacingMM, size: Triple, axis: int, smallest_edge: int) -> Triple:
    """Return the next smaller patch along an axis: shorter by what its shorter self must be a multiple of.

    224 comes after 256 and is a multiple of 32 with room for five halvings, where a step of 64 would pass it over.
    """

    def shorter(by: int) -> Triple:
        return tuple(n - by if k == axis else n for k, n in enumerate(size))

    coarse = factor_of(strides_for(spacing, size, smallest_edge))[axis]
    return shorter(factor_of(strides_for(spacing, shorter(coarse), smallest_edge))[axis])
