"""What lies below the diaphragm."""

from __future__ import annotations

import numpy as np

from .build import AIR, FAT, Build
from .canvas import Canvas, cut, ellipsoid, join
from .diaphragm import diaphragm
from .mediastinum import Shape

HEART_GAP_MM = 7.0


def paint_abdomen(canvas: Canvas, cage: np.ndarray, lungs: np.ndarray, above: list[Shape], build: Build) -> None:
    """Paint what lies below the diaphragm: liver, stomach with its air bubble, spleen, fat.

    ``cage`` and ``lungs`` are signed distances (mm, zyx). The organs keep away from the shapes ``above``, which lie on
    the diaphragm.
    """
    low = build.breath_mm
    part = canvas.crop((-150, -110, canvas.z.min() - 1), (150, 110, 115))
    cage, lungs = canvas.same_part(part, cage), canvas.same_part(part, lungs)
    away = np.full(canvas.hu.shape, -20, np.float32)
    for shape in above:
        view = canvas.same_part(shape.part, away)
        np.maximum(view, (HEART_GAP_MM if shape.kind == "heart" else 1) - shape.distance, out=view)
    away = canvas.same_part(part, away)
    right, left = (cut(dome + 1, away, 6) for dome in diaphragm(part, build))
    inside = np.maximum(cage + 3, 1 - lungs)
    below = np.maximum(inside, np.minimum(right, left))
    part.paint(below, 45.0)
    part.paint(np.maximum(below + 2.5, part.z - 80 - low), FAT)
    liver = cut(join(right + 3, ellipsoid(part, (10, -52, 48 + low), (62, 34, 30)), 8), away, 6)
    part.paint(np.maximum(liver, inside + 2), 58.0 + 0.25 * (build.blood_hu - 42))
    spleen = np.maximum(ellipsoid(part, (92, 46, 34 + low), (30, 38, 46)), left + 4)
    part.paint(np.maximum(spleen, inside + 2), 50.0 + 0.4 * (build.blood_hu - 42))
    stomach = cut(ellipsoid(part, (58, -18, 38 + low), (40, 44, 34)), left + 4, 4)
    part.paint(stomach, 40.0)
    part.paint(stomach + 4, 12.0)
    part.paint(np.maximum(stomach + 4, part.y + 38), AIR)  # supine: the bubble is in front
