"""The scanner's couch."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas


def paint_couch(canvas: Canvas, back_mm: float) -> None:
    """Paint the curved couch (thin shell, foam core) with its mattress; ``back_mm`` is where the patient ends."""
    sag = (canvas.x / 190) ** 2 * 26
    top = canvas.y - (back_mm + 17 - sag)
    wide = np.abs(canvas.x) - 185
    mattress = np.maximum(np.maximum(canvas.y - (back_mm + 15 - sag), back_mm - 1 - sag - canvas.y), wide + 6)
    shell = np.maximum(np.maximum(-top, top - 22), wide)
    core = np.maximum(np.maximum(2.2 - top, top - 19.8), wide + 2.2)
    outside_body = canvas.hu < -900
    for distance, hu in ((mattress, -955.0), (shell, -250.0), (core, -930.0)):
        canvas.paint(np.where(outside_body, distance, np.inf), hu)
