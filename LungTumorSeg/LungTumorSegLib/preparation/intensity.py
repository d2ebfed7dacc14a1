"""HU to what the network sees."""

from __future__ import annotations

import numpy as np


def intensity_channels(hu: np.ndarray, windows_hu, normalization=None) -> np.ndarray:
    """Clip to each intensity window, and map it to -1..1 or normalise it; one channel a window.

    Parameters
    ----------
    hu : ndarray, zyx
    windows_hu : sequence of (low, high)
    normalization : sequence of (mean, standard deviation), optional
        For each window, in HU; by default they are mapped to -1..1.

    Returns
    -------
    ndarray of shape (windows, z, y, x), float32
    """
    channels = np.empty((len(windows_hu), *hu.shape), dtype=np.float32)
    if normalization is not None:
        for channel, (low, high), (mean, deviation) in zip(channels, windows_hu, normalization, strict=True):
            np.clip(hu, low, high, out=channel, casting="unsafe")
            channel -= mean
            channel /= deviation
        return channels
    for channel, (low, high) in zip(channels, windows_hu, strict=True):
        np.subtract(hu, (low + high) / 2, out=channel, casting="unsafe")
        channel *= 2 / (high - low)
        np.clip(channel, -1, 1, out=channel)
    return channels
