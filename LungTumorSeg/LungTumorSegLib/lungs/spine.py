"""The spine's axis, slice by slice: filtered coronal projection and exponential smoothing."""

from __future__ import annotations

import numpy as np

SMOOTHING_ALPHA = 0.3
FIRST_SLICES = 5
FILTER_TAPS = 7
BONE_HU = (100.0, 700.0)
SEARCH_MM = 40.0  # how far from the middle of the body the spine may lie


def spine_axis(hu: np.ndarray, body: np.ndarray, lungs: np.ndarray, spacing_x: float) -> np.ndarray:
    r"""Find the spine's position across the patient in every slice.

    The bone of the body's posterior half is projected onto the coronal plane and smoothed along x by a moving
    average of seven samples; its maximum near the body's middle is the slice's measurement :math:`x_t`. The axis
    starts at the mean of the first five slices that show lung and follows
    :math:`S_t = \alpha x_t + (1 - \alpha) S_{t-1}` with :math:`\alpha = 0.3`.

    Parameters
    ----------
    hu, body, lungs : ndarray, zyx
        CT in HU, and masks, in canonical order (superior, posterior, left).
    spacing_x : float
        mm between voxels from right to left.

    Returns
    -------
    ndarray of shape (z,)
        Position along x in voxels; slices without lung take their nearest neighbour's.
    """
    measured = np.array([_bone_peak(hu[z], body[z], spacing_x) for z in range(hu.shape[0])])
    slices = np.flatnonzero(lungs.any(axis=(1, 2)))
    axis = np.full(hu.shape[0], hu.shape[2] / 2.0)
    if not slices.size:
        return axis
    position = measured[slices[:FIRST_SLICES]].mean()
    for z in slices:
        position = SMOOTHING_ALPHA * measured[z] + (1 - SMOOTHING_ALPHA) * position
        axis[z] = position
    axis[: slices[0]] = axis[slices[0]]
    axis[slices[-1] + 1 :] = axis[slices[-1]]
    return axis


def _bone_peak(hu: np.ndarray, body: np.ndarray, spacing_x: float) -> float:
    """Position along x of the strongest bone in the posterior half of one slice (yx)."""
    rows, columns = np.nonzero(body)
    if not rows.size:
        return hu.shape[1] / 2.0
    middle = columns.mean()
    posterior = slice(int(rows.mean()), rows.max() + 1)
    bone = np.clip(hu[posterior], *BONE_HU) - BONE_HU[0]
    signal = np.where(body[posterior], bone, 0.0).sum(axis=0)
    signal = np.convolve(signal, np.full(FILTER_TAPS, 1.0 / FILTER_TAPS), mode="same")
    near = np.abs(np.arange(hu.shape[1]) - middle) * spacing_x <= SEARCH_MM
    signal = np.where(near, signal, 0.0)
    return float(signal.argmax()) if signal.max() > 0 else float(middle)


def mirrored(mask: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Mirror ``mask`` (zyx) about the sagittal plane through ``axis`` (voxels along x, for each slice)."""
    result = np.zeros_like(mask)
    columns = np.arange(mask.shape[2])
    for z in np.flatnonzero(mask.any(axis=(1, 2))):
        source = np.rint(2 * axis[z] - columns).astype(int)
        inside = (source >= 0) & (source < mask.shape[2])
        result[z][:, inside] = mask[z][:, source[inside]]
    return result
