"""The diaphragm and what lies below it."""

from __future__ import annotations

import numpy as np

from .build import AIR, FAT, Build
from .canvas import Canvas, cut, ellipsoid, join
from .mediastinum import Shape

HEART_GAP_MM = 7.0


def diaphragm(canvas: Canvas, build: Build) -> list[np.ndarray]:
    """Return the distances to the right and the left dome (everything below the diaphragm is inside)."""
    domes = []
    for centre_x, half_x, base, height in ((-63, 61, 8, 84), (68, 57, 2, 70)):
        base = np.float32(base + build.breath_mm)
        up = np.maximum(canvas.z - base, 0) / np.float32(height)
        level = np.sqrt(((canvas.x - centre_x) / half_x) ** 2 + ((canvas.y + 12) / 90) ** 2 + up**2)
        domes.append((level - 1) * np.float32(62))
    return domes


def paint_abdomen(canvas: Canvas, cage: np.ndarray, lungs: np.ndarray, heart: Shape, build: Build) -> None:
    """Paint what lies below the diaphragm: liver, stomach with its air bubble, spleen, fat.

    ``cage`` and ``lungs`` are signed distances (mm, zyx). The organs keep away from the heart, which lies on them.
    """
    low = build.breath_mm
    part = canvas.crop((-150, -110, canvas.z.min() - 1), (150, 110, 115))
    cage, lungs = canvas.same_part(part, cage), canvas.same_part(part, lungs)
    away = np.full(canvas.hu.shape, -20, np.float32)
    canvas.same_part(heart.part, away)[...] = HEART_GAP_MM - heart.distance
    away = canvas.same_part(part, away)
    right, left = (cut(dome + 1, away, 6) for dome in diaphragm(part, build))
    inside = np.maximum(cage + 3, 1 - lungs)
    below = np.maximum(inside, np.minimum(right, left))
    part.paint(below, 45.0)
    part.paint(np.maximum(below + 2.5, part.z - 80 - low), FAT)
    liver = join(right + 3, ellipsoid(part, (10, -52, 48 + low), (62, 34, 30)), 8)
    part.paint(np.maximum(liver, inside + 2), 58.0 + 0.25 * (build.blood_hu - 42))
    spleen = np.maximum(ellipsoid(part, (92, 46, 34 + low), (30, 38, 46)), left + 4)
    part.paint(np.maximum(spleen, inside + 2), 50.0 + 0.4 * (build.blood_hu - 42))
    stomach = cut(ellipsoid(part, (58, -18, 38 + low), (40, 44, 34)), left + 4, 4)
    part.paint(stomach, 40.0)
    part.paint(stomach + 4, 12.0)
    part.paint(np.maximum(stomach + 4, part.y + 38), AIR)  # supine: the bubble is in front
