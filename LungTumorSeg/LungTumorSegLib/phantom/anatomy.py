"""Body wall and lungs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from .build import FAT, LUNG, MUSCLE, Build
from .canvas import Canvas, cut, ellipse, join, profile
from .diaphragm import diaphragm
from .mediastinum import Shape, mediastinal_shapes
from .texture import smooth_field


@dataclass(frozen=True, eq=False)
class Chest:
    """What the other parts are fitted to: signed distances (mm, negative inside, zyx) and the mediastinum's organs."""

    body: np.ndarray
    cage: np.ndarray
    lungs: np.ndarray
    mediastinum: list[Shape]


def cage_profile(z: np.ndarray) -> tuple:
    """Return half axes and centre in y of the inner chest wall at heights ``z`` (mm)."""
    half_x = profile(z, {0: 123, 50: 128, 100: 128, 150: 123, 200: 112, 235: 96, 260: 74, 274: 46, 281: 8})
    half_y = profile(z, {0: 97, 50: 101, 100: 99, 150: 93, 200: 80, 240: 61, 265: 40, 281: 8})
    centre_y = profile(z, {0: -1, 50: 1, 100: 2, 150: 7, 200: 16, 240: 26, 265: 33, 281: 36})
    return half_x, half_y, centre_y


def spine_profile(z: np.ndarray) -> np.ndarray:
    """Return y (mm) of the vertebral bodies' centre line at heights ``z`` (mm)."""
    return profile(z, {-20: 44, 0: 46, 50: 53, 100: 58, 150: 57, 200: 51, 250: 39, 300: 24})


def shape_chest(canvas: Canvas, build: Build) -> Chest:
    """Lay out body, chest wall and lungs; nothing is painted yet."""
    z = canvas.z
    half_x = profile(z, {0: 146, 60: 148, 120: 151, 180: 160, 230: 172, 270: 178, 300: 168})
    half_y = profile(z, {0: 119, 60: 120, 120: 118, 180: 111, 230: 97, 270: 84, 300: 74})
    centre_y = profile(z, {0: -2, 60: -3, 120: -1, 180: 5, 230: 18, 270: 29, 300: 36})
    extra = np.float32(build.fat_mm - 10)
    body = ellipse(canvas, (0, centre_y), (half_x + extra, half_y + extra), power=2.5)
    a, b, yc = cage_profile(z)
    cage = ellipse(canvas, (0, yc), (a, b), power=2.5)
    between = mediastinal_shapes(canvas, build)
    return Chest(body, cage, _shape_lungs(canvas, build, cage, between), between)


def _shape_lungs(canvas: Canvas, build: Build, cage: np.ndarray, between: list[Shape]) -> np.ndarray:
    """Return the distance to the lungs: the cage without mediastinum and diaphragm."""
    spine = ellipse(canvas, (0, spine_profile(canvas.z) + 4), (23, 20))
    middle = join(_septum(canvas), spine, 8)
    for shape in between:
        view = canvas.same_part(shape.part, middle)
        view[...] = join(view, shape.distance - np.float32(shape.margin_mm), 6)
    lungs = cut(cage + 2, -middle, 5)
    for dome in diaphragm(canvas, build):
        lungs = cut(lungs, -dome, 3)
    floor = 26 - 0.22 * canvas.y - canvas.z + build.breath_mm
    return cut(lungs, floor, 6)


def _septum(canvas: Canvas) -> np.ndarray:
    """Return the distance to the tissue between the lungs, thin behind the sternum."""
    width = profile(canvas.z, {0: 24, 60: 22, 95: 15, 130: 11, 180: 17, 215: 25, 250: 27, 280: 30})
    _, b, yc = cage_profile(canvas.z)
    front = np.clip((canvas.y - (yc - b)) / 45, 0.22, 1)
    lean = profile(canvas.z, {0: 12, 60: 14, 95: 8, 120: 4, 200: 0})
    return np.abs(canvas.x - lean) - width * front


def paint_body(canvas: Canvas, chest: Chest, rng: np.random.Generator, build: Build) -> None:
    """Paint skin, fat, the muscles of the chest wall, and the fat that fills the mediastinum."""
    lumps = smooth_field(rng, canvas.hu.shape, canvas.spacing_zyx, 22)
    canvas.paint(chest.body, 20.0)
    canvas.paint(chest.body + 2, FAT)
    muscle = np.maximum(chest.body + np.float32(build.fat_mm) + 3 * lumps, -(chest.cage - 11 + lumps))
    fibres = smooth_field(rng, canvas.hu.shape, canvas.spacing_zyx, 5)
    canvas.paint(muscle, MUSCLE + 8 * lumps - 35 * np.maximum(fibres - 0.8, 0))
    plane = np.abs(chest.cage - 17 - 3 * lumps) - np.clip(1.2 + lumps, 0, 3)  # fat between the layers of muscle
    canvas.paint(np.maximum(plane, muscle + 4), FAT + 10)
    axilla = np.maximum(np.abs(chest.cage - 34) - 11, np.maximum(195 - canvas.z, np.abs(canvas.y - 5) - 40))
    canvas.paint(np.maximum(axilla - 5 * lumps, muscle + 8), FAT)
    canvas.paint(np.abs(chest.cage - 6) - 5.5, MUSCLE - 15)  # intercostal muscles
    canvas.paint(chest.cage + 1, FAT + 10)


def paint_lungs(canvas: Canvas, chest: Chest, rng: np.random.Generator) -> None:
    """Paint the lungs' parenchyma: denser towards the back, mottled, with the oblique fissures."""
    field = partial(smooth_field, rng, canvas.hu.shape, canvas.spacing_zyx)
    mottle = 12 * field(5) + 14 * field(30)
    fissure = canvas.y - 0.62 * (canvas.z - 120) + 5 * np.abs(canvas.x) / 60 - 12
    line = 70 * canvas.cover(np.abs(fissure + 4 * field(60)) - 0.4)
    canvas.paint(chest.lungs, LUNG + 0.30 * canvas.y + mottle + line)
