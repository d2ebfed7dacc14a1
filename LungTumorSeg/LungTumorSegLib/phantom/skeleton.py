"""Spine, ribs, sternum, clavicles and shoulder blades."""

from __future__ import annotations

import numpy as np

from .anatomy import Chest, cage_profile, spine_profile
from .canvas import Canvas, curve, ellipse, tube

CORTEX, MARROW, DISC, CARTILAGE = 620.0, 190.0, 75.0, 95.0
VERTEBRA_MM = 25.0


def paint_skeleton(canvas: Canvas, chest: Chest, rng: np.random.Generator) -> None:
    """Paint all bones."""
    _paint_ribs(canvas, chest, rng)
    _paint_shoulder_blades(canvas, chest)
    _paint_spine(canvas)
    _paint_front(canvas)


def _paint_bone(part: Canvas, distance: np.ndarray, cortex_mm: float) -> None:
    part.paint(distance, CORTEX)
    part.paint(distance + cortex_mm, MARROW)


def _paint_spine(canvas: Canvas) -> None:
    """Paint vertebral bodies, discs, the canal, and the arches with their processes."""
    part = canvas.crop((-45, -10, canvas.z.min() - 1), (45, 125, canvas.z.max() + 1))
    y0 = spine_profile(part.z)
    phase = (part.z / VERTEBRA_MM) % 1
    waist = 1.6 * np.sin(np.pi * phase) ** 2
    body = ellipse(part, (0, y0), (16.5 - waist, 13.5 - waist), power=2.3)
    disc = (np.abs(phase - 0.5) - 0.39) * VERTEBRA_MM  # positive between two vertebrae
    part.paint(ellipse(part, (0, y0 + 14), (31, 19)), 55.0)  # muscles beside the spine
    arch = np.maximum(ellipse(part, (0, y0 + 20), (13, 12)), np.abs(phase - 0.5) * VERTEBRA_MM - 9)
    _paint_bone(part, arch, 1.6)
    lean = 0.55 * (phase - 0.75) * VERTEBRA_MM  # transverse processes reach back, spinous ones down
    across = np.maximum(np.abs(part.y - (y0 + 22 + np.abs(part.x) * 0.25)) - 4, np.abs(part.x) - 31)
    _paint_bone(part, np.maximum(across, np.abs(phase - 0.62) * VERTEBRA_MM - 5), 1.5)
    spinous = np.maximum(np.abs(part.x) - 2.2, np.abs(part.y - (y0 + 40)) - 14)
    _paint_bone(part, np.maximum(spinous, np.abs(part.z % VERTEBRA_MM - 12 + lean) - 8), 1.3)
    _paint_bone(part, np.maximum(body, disc), 1.2)
    part.paint(np.maximum(body + 1, -disc), DISC)
    part.paint(ellipse(part, (0, y0 + 20), (8.5, 7.5)), 15.0)
    part.paint(ellipse(part, (0, y0 + 20), (5, 4)), 40.0)  # the cord


def _paint_ribs(canvas: Canvas, chest: Chest, rng: np.random.Generator) -> None:
    """Paint twelve pairs of ribs that slope forward and down, and their cartilages that rise to the sternum.

    In the thin shell outside the cage a rib is a band: its height depends on the angle around the cage only.
    """
    zi, yi, xi = np.nonzero(np.abs(chest.cage - 6) < 6 + canvas.edge_mm)
    x, y, z = canvas.x.ravel()[xi], canvas.y.ravel()[yi], canvas.z.ravel()[zi]
    a, b, yc = (np.broadcast_to(p.ravel(), canvas.z.size)[zi] for p in cage_profile(canvas.z))
    turn = np.arctan2(np.abs(x) / a, (y - yc) / b) / np.pi  # 0 at the spine, 1 at the sternum
    depth = np.abs(chest.cage[zi, yi, xi] - 6) - 3.6
    hu = canvas.hu[zi, yi, xi]
    for k in range(-1, 12):
        head = 6 + VERTEBRA_MM * k + float(rng.uniform(-1.5, 1.5))
        drop = np.clip(36 + (285 - head) * 0.6, 34, 128)
        slope = 0.5 * (1 - np.cos(np.pi * np.minimum(turn / 0.84, 1)))
        rise = np.maximum(turn - 0.84, 0) * (150 if head > 60 else 260)
        height = z - (head - drop * slope + rise)
        near = np.flatnonzero((np.abs(height) < 14) & (turn > 0.075) & (turn < 0.93))
        distance = np.hypot(np.maximum(depth[near] + 3.6, 0) / 3.6, height[near] / 6.8)
        distance = (distance - 1) * 4.2
        bony = turn[near] < 0.8
        for shift, inner, outer in ((0.0, CARTILAGE, CORTEX), (1.7, CARTILAGE, MARROW)):
            cover = np.clip(0.5 - (distance + shift) / canvas.edge_mm, 0, 1)
            hu[near] += cover * (np.where(bony, outer, inner) - hu[near])
    canvas.hu[zi, yi, xi] = hu


def _paint_shoulder_blades(canvas: Canvas, chest: Chest) -> None:
    """Paint two thin triangular plates behind the ribs, with their spines."""
    for side in (-1, 1):
        low, high = ((-165, 5, 140), (-45, 120, 285)) if side < 0 else ((45, 5, 140), (165, 120, 285))
        part = canvas.crop(low, high)
        if 0 in part.hu.shape:
            continue
        x = side * part.x
        width = np.clip((part.z - 150) * 0.5, 0, 52)
        inner = 84 - 0.10 * (part.z - 150)
        line = 84 - 0.42 * (x - 60) - 0.10 * np.maximum(part.z - 200, 0)
        plate = np.maximum(np.abs(part.y - line) - 2.6, np.maximum(inner - x, x - inner - width))
        plate = np.maximum(plate, np.maximum(152 - part.z, part.z - 268))
        _paint_bone(part, plate, 1.5)
        ridge = curve([(side * 88, 92, 236), (side * 112, 84, 246), (side * 138, 60, 262)], 6)
        _paint_bone(part, tube(part, ridge, 6), 1.8)
        edge = curve([(side * 138, 44, 262), (side * 126, 50, 230), (side * 98, 70, 165)], 6)
        _paint_bone(part, tube(part, edge, 5), 1.8)
        head = np.array([(side * 150, 34, 268), (side * 152, 32, 276)], float)
        _paint_bone(part, tube(part, head, 17), 1.5)


def _paint_front(canvas: Canvas) -> None:
    """Paint sternum, manubrium and clavicles."""
    part = canvas.crop((-50, -125, 85), (50, 40, 262))
    _, b, yc = cage_profile(part.z)
    front = yc - b - 7 - np.maximum(part.z - 225, 0) * 0.25
    half = np.interp(part.z, [95, 110, 150, 205, 215, 245, 250], [7, 14, 17, 15, 26, 30, 26]).astype(np.float32)
    plate = np.maximum(ellipse(part, (0, front), (half, 6), power=3), np.maximum(98 - part.z, part.z - 248))
    _paint_bone(part, plate, 1.5)
    for side in (-1, 1):
        clavicle = curve(
            [(side * 22, -22, 250), (side * 60, -16, 262), (side * 105, 6, 268), (side * 145, 22, 276)], 12
        )
        part = canvas.around(clavicle, 12)
        _paint_bone(part, tube(part, clavicle, 6), 1.8)
