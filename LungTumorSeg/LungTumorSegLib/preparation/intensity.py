"""HU to what the network sees."""

from __future__ import annotations

import numpy as np


def intensity_channels(hu: np.ndarray, windows_hu) -> np.ndarray:
    """Map each intensity window to -1..1 and clip; one channel a window.

    Parameters
    ----------
    hu : ndarray, zyx
    windows_hu : sequence of (low, high)

    Returns
    -------
    ndarray of shape (windows, z, y, x), float32
    """
    channels = np.empty((len(windows_hu), *hu.shape), dtype=np.float32)
    for channel, (low, high) in zip(channels, windows_hu, strict=True):
        np.subtract(hu, (low + high) / 2, out=channel, casting="unsafe")
        channel *= 2 / (high - low)
        np.clip(channel, -1, 1, out=channel)
    return channels
