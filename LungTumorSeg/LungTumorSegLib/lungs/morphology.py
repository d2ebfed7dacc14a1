"""Morphology of masks by balls in mm, exactly, and the filling of what a mask encloses; all arrays are zyx."""

from __future__ import annotations

import numpy as np

from ..volume.boxes import bounding_box, grown

Spacing = tuple[float, float, float]


def dilate(mask: np.ndarray, radius_mm: float, spacing_zyx: Spacing) -> np.ndarray:
    """Dilate by a ball: all voxels at most ``radius_mm`` from one of ``mask``, from centre to centre."""
    reach = tuple(int(radius_mm / step) + 1 for step in spacing_zyx)
    box = grown(bounding_box(mask), reach, mask.shape)
    result = np.zeros_like(mask)
    result[box] = _within(mask[box], radius_mm, spacing_zyx)
    return result


def erode(mask: np.ndarray, radius_mm: float, spacing_zyx: Spacing) -> np.ndarray:
    """Erode by a ball; what lies beyond the volume counts as inside."""
    # The nearest voxel beside the mask is never farther than the first layer around its box.
    box = grown(bounding_box(mask), (1, 1, 1), mask.shape)
    result = np.zeros_like(mask)
    result[box] = ~_within(~mask[box], radius_mm, spacing_zyx)
    return result


def dilate_slices(mask: np.ndarray, radius_mm: float, spacing_zyx: Spacing) -> np.ndarray:
    """Dilate each axial slice for itself, by a disc."""
    apart = 2 * radius_mm + 1
    return dilate(mask, radius_mm, (apart, *spacing_zyx[1:]))


def close(mask: np.ndarray, radius_mm: float, spacing_zyx: Spacing) -> np.ndarray:
    """Dilate, then erode."""
    return erode(dilate(mask, radius_mm, spacing_zyx), radius_mm, spacing_zyx)


def without_cavities(mask: np.ndarray) -> np.ndarray:
    """Fill what the mask encloses on all sides: tumours deep in a lung, wider than a closing spans."""
    import cc3d

    beside, count = cc3d.connected_components((~mask).astype(np.uint8), connectivity=6, return_N=True)
    return mask | _enclosed(beside, count, axes=(0, 1, 2))


def without_holes(mask: np.ndarray) -> np.ndarray:
    """Fill what each axial slice of the mask encloses."""
    from scipy.ndimage import generate_binary_structure, label

    cross = generate_binary_structure(3, 1)
    cross[0] = cross[2] = False  # no neighbours in other slices
    beside, count = label(~mask, cross)
    return mask | _enclosed(beside, count, axes=(1, 2))


def _enclosed(pieces: np.ndarray, count: int, axes: tuple[int, ...]) -> np.ndarray:
    """Find the pieces (labels from 1, of ``count``) that no end of the given axes cuts."""
    inside = np.ones(count + 1, dtype=bool)
    inside[0] = False
    for axis in axes:
        for end in (0, -1):
            inside[pieces.take(end, axis)] = False
    return inside[pieces]


def _within(mask: np.ndarray, radius_mm: float, spacing_zyx: Spacing) -> np.ndarray:
    """Find the voxels at most ``radius_mm`` from one of ``mask``.

    A ball is made of discs, and a disc of runs of voxels along x. So the mask is dilated by the runs, the results are
    moved along y and united, and these along z: as many steps as the ball has runs, each as fast as memory is.
    """
    runs = [mask]
    result = np.zeros_like(mask)
    for z, widths in enumerate(_half_widths(radius_mm, spacing_zyx)):
        disc = np.zeros_like(mask)
        for y, width in enumerate(widths):
            while len(runs) <= width:
                runs.append(_add_moved(runs[-1].copy(), mask, 2, len(runs)))
            _add_moved(disc, runs[width], 1, y)
        _add_moved(result, disc, 0, z)
    return result


def _half_widths(radius_mm: float, spacing_zyx: Spacing) -> list[list[int]]:
    """Return how far a ball reaches along x, in voxels, for each step from its middle along z and then along y."""
    reach = radius_mm * (1 + 1e-6)  # a radius of exactly three voxels must not fail by the last digit
    z, y, x = ((np.arange(int(reach / step) + 1) * step) ** 2 for step in spacing_zyx)
    inside = z[:, None, None] + y[:, None] + x <= reach**2
    return [[int(row.sum()) - 1 for row in disc if row.any()] for disc in inside if disc.any()]


def _add_moved(mask: np.ndarray, other: np.ndarray, axis: int, by: int) -> np.ndarray:
    """Unite ``mask``, in place, with ``other`` moved by some voxels along an axis to either side; return it."""
    if by == 0:
        return np.logical_or(mask, other, out=mask)
    ahead, behind = [slice(None)] * 3, [slice(None)] * 3
    ahead[axis], behind[axis] = slice(by, None), slice(None, -by)
    for to, start in ((tuple(ahead), tuple(behind)), (tuple(behind), tuple(ahead))):
        np.logical_or(mask[to], other[start], out=mask[to])
    return mask
