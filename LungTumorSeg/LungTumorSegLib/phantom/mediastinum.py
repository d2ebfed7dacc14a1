"""Heart, great vessels, trachea and main bronchi, oesophagus."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .build import AIR, ORGAN, Build
from .canvas import Canvas, curve, ellipsoid, join, tube
from .diaphragm import diaphragm

CARINA = (2.0, 24.0, 182.0)
HILUM = {-1: (-44.0, 14.0, 160.0), 1: (46.0, 16.0, 166.0)}  # patient's right (x < 0) and left
AIRWAY_WALL_MM, HEART_WALL_MM = 1.5, 4.0


class Shape(NamedTuple):
    """A part of the mediastinum.

    Attributes
    ----------
    kind : str
        ``heart``, ``fat``, ``vessel`` or ``airway``.
    part : Canvas
        The box in which it lies.
    distance : ndarray, zyx
        Signed distance on that box, mm.
    margin_mm : float
        How far the lung stays away.
    """

    kind: str
    part: Canvas
    distance: np.ndarray
    margin_mm: float


class Pipe(NamedTuple):
    """A vessel or airway: centre line (n, 3) in xyz mm, radius (mm) at each point, margin to the lung (mm)."""

    path: np.ndarray
    radii: np.ndarray
    margin_mm: float = 0.0


def mediastinal_shapes(canvas: Canvas, build: Build) -> list[Shape]:
    """Return heart, vessels and airways, in the order in which they are painted."""
    heart = _heart(canvas, build)
    shapes = [heart, _fat_in_front(heart.part, build)]
    for pipe in great_vessels(build):
        part = canvas.around(pipe.path, 16)
        shapes.append(Shape("vessel", part, tube(part, pipe.path, pipe.radii), pipe.margin_mm))
    for pipe in airways():
        part = canvas.around(pipe.path, 16)
        distance = tube(part, pipe.path, pipe.radii + AIRWAY_WALL_MM)
        shapes.append(Shape("airway", part, distance, AIRWAY_WALL_MM))
    return shapes


def _heart(canvas: Canvas, build: Build) -> Shape:
    """Return the ventricles, leaning to the left and forward, with the right and the left atrium."""
    low, size = build.breath_mm, build.heart
    part = canvas.crop((-70, -115, 10), (110, 50, 175))
    half_axes = [size * np.array(axes) for axes in ((63, 43, 40), (30, 30, 36), (34, 20, 22))]
    ventricles = ellipsoid(part, (22, -27, 98 + low), half_axes[0], long_axis=(0.80, -0.44, -0.40))
    right_atrium = ellipsoid(part, (-17, -12, 106 + low), half_axes[1])
    left_atrium = ellipsoid(part, (6, 12, 122 + low / 2), half_axes[2])
    return Shape("heart", part, join(join(ventricles, right_atrium, 10), left_atrium, 8), 4.5)


def _fat_in_front(part: Canvas, build: Build) -> Shape:
    """Return the fat between the heart and the front of the chest, above the diaphragm."""
    low = build.breath_mm
    distance = ellipsoid(part, (24, -86, 58 + low), (46, 46, 44))
    return Shape("fat", part, np.maximum(distance, 2 - np.minimum(*diaphragm(part, build))), 0.0)


def great_vessels(build: Build) -> list[Pipe]:
    """Return the aorta with its branches, the pulmonary arteries and veins, and the caval veins."""
    low = build.breath_mm
    trunk_end, atrium = (16, -8, 171), (6, 12, 122 + low / 2)
    ascending = [(4, -12, 128), (-12, -30, 165), (-8, -24, 192), (6, -4, 210)]
    descending = [(20, 20, 206), (25, 38, 184), (26, 42, 120), (20, 38, 50), (8, 28, -10)]
    table = [
        # points along the centre line, radius at both ends, margin to the lung
        ([*ascending, *descending], (15, 11), 2.0),
        ([(16, -34, 128), (22, -26, 160), trunk_end], (13, 13), 3.0),  # pulmonary trunk
        ([trunk_end, (-10, -2, 168), HILUM[-1]], (11, 8), 2.5),
        ([trunk_end, (34, 6, 174), HILUM[1]], (11, 8), 2.5),
        ([(-14, -18, 238), (-26, -14, 215), (-27, -12, 150), (-20, -10, 112 + low)], (9, 9), 2.5),  # superior cava
        ([(-20, 2, -10), (-20, 0, 60), (-19, -4, 100 + low)], (11, 11), 2.0),  # inferior cava
        ([(-4, -10, 208), (-16, -6, 235), (-26, -2, 262), (-34, -6, 310)], (6, 6), 4.0),  # brachiocephalic
        ([(10, 2, 210), (17, 6, 245), (24, 0, 310)], (4.5, 4.5), 4.0),  # left carotid
        ([(17, 10, 208), (20, 14, 240), (26, 12, 272), (44, 8, 284), (96, 4, 274)], (5, 5), 3.0),  # left subclavian
        (
            [(-14, -20, 236), (8, -22, 238), (24, -14, 266), (44, -10, 276), (96, -6, 266)],
            (6, 6),
            3.0,
        ),  # veins of the arms
        ([(-14, -18, 236), (-26, -12, 266), (-46, -8, 276), (-96, -4, 266)], (6, 6), 3.0),
        ([atrium, (-34, 14, 132), (-50, 10, 140)], (10, 6), 2.0),  # pulmonary veins
        ([atrium, (34, 14, 132), (50, 10, 140)], (10, 6), 2.0),
    ]
    return [_pipe(points, ends, margin) for points, ends, margin in table]


def airways() -> list[Pipe]:
    """Return the trachea and the two main bronchi; the radii are those of the lumen."""
    return [
        _pipe([(0, -8, 312), (0, 2, 270), (3, 14, 225), CARINA], (8.5, 8.5)),
        _pipe([CARINA, (-16, 25, 174), (-32, 24, 163), (-48, 24, 150)], (7, 4.5)),
        _pipe([CARINA, (20, 27, 175), (40, 29, 165), (54, 28, 154)], (6.5, 4.5)),
    ]


def _pipe(points, radius_at_ends, margin_mm: float = 0.0) -> Pipe:
    samples = 3 * len(points) + 1
    return Pipe(curve(points, samples), np.linspace(*radius_at_ends, samples), margin_mm)


def paint_mediastinum(canvas: Canvas, shapes: list[Shape], blood_hu: float) -> None:
    """Paint oesophagus, heart, vessels and airways over the mediastinal fat."""
    oesophagus = _pipe([(5, 18, 310), (8, 34, 215), (8, 40, 170), (10, 32, 90), (22, 10, 40)], (7.5, 7.5))
    part = canvas.around(oesophagus.path, 14)
    part.paint(tube(part, oesophagus.path, oesophagus.radii), 38.0)
    organs = [shape for shape in shapes if shape.kind != "fat"]
    for shape in organs:
        shape.part.paint(shape.distance - (1 if shape.kind == "vessel" else 0), ORGAN)  # walls
    for shape in organs:
        if shape.kind != "airway":
            shape.part.paint(shape.distance + (HEART_WALL_MM if shape.kind == "heart" else 0), blood_hu)
    _paint_septum(organs[0])
    for shape in organs:
        if shape.kind == "airway":
            shape.part.paint(shape.distance + AIRWAY_WALL_MM, AIR)


def _paint_septum(heart: Shape) -> None:
    """Paint the wall between the ventricles: a band along the heart's long axis."""
    part = heart.part
    band = np.abs(0.48 * (part.x - 24) + 0.87 * (part.y + 32)) - 4.5
    behind_the_atria = 0.44 * (part.y + 27) - 0.80 * (part.x - 22) - 12
    part.paint(np.maximum(np.maximum(band, behind_the_atria), heart.distance + HEART_WALL_MM), ORGAN)
