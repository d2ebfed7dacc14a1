"""The two domes of the diaphragm."""

from __future__ import annotations

import numpy as np

from .build import Build
from .canvas import Canvas


def diaphragm(canvas: Canvas, build: Build) -> list[np.ndarray]:
    """Return the distances to the right and the left dome (everything below the diaphragm is inside)."""
    domes = []
    for centre_x, half_x, base, height in ((-63, 61, 8, 84), (68, 57, 2, 70)):
        base = np.float32(base + build.breath_mm)
        up = np.maximum(canvas.z - base, 0) / np.float32(height)
        level = np.sqrt(((canvas.x - centre_x) / half_x) ** 2 + ((canvas.y + 12) / 90) ** 2 + up**2)
        domes.append((level - 1) * np.float32(62))
    return domes
