"""Lung tumours of known outline: lobulated, spiculated, cavitated, attached to the pleura."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, tube
from .texture import smooth_field

KINDS = ("lobulated", "spiculated", "cavitated", "pleural")


@dataclass(frozen=True)
class Tumour:
    """One tumour to grow.

    Attributes
    ----------
    diameter_mm : float
        Of a ball of about the same volume.
    kind : str
        ``lobulated``, ``spiculated`` (with strands into the lung), ``cavitated`` (air inside; the mask includes it)
        or ``pleural`` (broad-based on the chest wall).
    """

    diameter_mm: float
    kind: str = "lobulated"


def draw_tumours(rng: np.random.Generator) -> list[Tumour]:
    """Draw one to three tumours of 10 to 50 mm; smaller ones are more frequent."""
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
    kinds = rng.permutation(KINDS)[:count]
    return [Tumour(float(np.exp(rng.uniform(np.log(10), np.log(50)))), str(kind)) for kind in kinds]


def place(
    tumour: Tumour, depth: np.ndarray, canvas: Canvas, taken: list, rng: np.random.Generator
) -> np.ndarray | None:
    """Choose where a tumour's centre lies.

    Parameters
    ----------
    tumour : Tumour
    depth : ndarray, zyx
        Distance of each voxel of the lungs to their surface (mm), 0 outside.
    canvas : Canvas
    taken : list of (centre xyz, radius mm)
        Tumours already there; a new one keeps away from them.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (3,), xyz mm, or None
        None when the lungs have no room for it.
    """
    radius = tumour.diameter_mm / 2
    if tumour.kind == "pleural":
        outer = np.abs(canvas.x) > 60  # on the chest wall, not on the mediastinum
        room = (np.abs(depth - 0.65 * radius) < max(1.5, canvas.edge_mm)) & outer
    else:
        room = (depth > 1.15 * radius + 3) & (np.abs(canvas.x) > 45)
    room = room & (canvas.z > canvas.z.min() + radius) & (canvas.z < canvas.z.max() - radius)
    for centre, other in taken:
        away = [axis - c for axis, c in zip((canvas.x, canvas.y, canvas.z), centre, strict=True)]
        room &= away[0] ** 2 + away[1] ** 2 + away[2] ** 2 > (radius + other + 12) ** 2
    candidates = np.flatnonzero(room)
    if candidates.size == 0:
        return None
    zi, yi, xi = np.unravel_index(int(rng.choice(candidates)), depth.shape)
    return np.array([canvas.x.ravel()[xi], canvas.y.ravel()[yi], canvas.z.ravel()[zi]], float)


def paint_tumour(
    canvas: Canvas, mask: np.ndarray, lungs: np.ndarray, tumour: Tumour, centre: np.ndarray, rng: np.random.Generator
) -> None:
    """Paint a tumour and add it to ``mask``.

    Parameters
    ----------
    canvas : Canvas
        The part of the scan around the tumour.
    mask : ndarray of float32, zyx
        Share of each voxel that is tumour; changed in place. Spicules are not counted: readers leave them out.
    lungs : ndarray, zyx
        Signed distance to the lungs (mm); the tumour stays inside.
    """
    radius = np.float32(tumour.diameter_mm / 2)
    solid = _outline(canvas, tumour, centre, rng)
    solid = np.maximum(solid, lungs + (0 if tumour.kind == "pleural" else 1))
    texture = float(rng.uniform(10, 50)) + 14 * smooth_field(
        rng, canvas.hu.shape, canvas.spacing_zyx, max(4.0, radius / 3)
    )
    if tumour.kind == "spiculated":
        for strand in _spicules(centre, radius, rng):
            part = canvas.around(strand, 4)
            faint = part.cover(tube(part, strand, (1.9, 1.2, 0.4))) * np.float32(0.85)
            part.hu[...] = np.maximum(part.hu, part.hu + faint * (0 - part.hu))
    veil = np.clip(1 - solid / max(2.5, 0.18 * float(radius)), 0, 1) * np.float32(0.18)  # hazy rim
    canvas.hu[...] += np.where((lungs < 0) & (canvas.hu < -500), veil * (-200 - canvas.hu), 0)
    canvas.paint(solid, texture)
    mask[...] = np.maximum(mask, canvas.cover(solid))
    if tumour.kind == "cavitated":
        cavity = _outline(
            canvas, Tumour(0.42 * tumour.diameter_mm), centre + rng.uniform(-0.18, 0.18, 3) * radius, rng
        )
        canvas.paint(np.maximum(cavity, solid + 3), -940.0)


def _outline(canvas: Canvas, tumour: Tumour, centre: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the distance to an irregular ball: a stretched, turned one whose surface is pushed in and out.

    How far it is pushed depends on the direction from the centre only, so the tumour is in one piece.
    """
    radius = tumour.diameter_mm / 2
    stretch = np.exp(rng.normal(0, 0.12, 3))
    half = radius * stretch / np.cbrt(stretch.prod())
    turned, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    offset = [canvas.x - centre[0], canvas.y - centre[1], canvas.z - centre[2]]
    local = [sum(np.float32(turned[i, k]) * offset[k] for k in range(3)) / np.float32(half[i]) for i in range(3)]
    level = np.sqrt(sum(axis**2 for axis in local))
    lobes = 0.19 * _on_the_sphere(canvas, centre, radius, 1.1 * radius, rng)
    bumps = 0.08 * _on_the_sphere(canvas, centre, radius, 0.45 * radius, rng)
    return ((level - 1 + lobes + bumps) * np.float32(radius)).astype(np.float32)


def _on_the_sphere(canvas: Canvas, centre, radius: float, correlation_mm: float, rng) -> np.ndarray:
    """Return a smooth random field (mean 0, SD 1) read off on the sphere, for every voxel in its direction."""
    from scipy.ndimage import map_coordinates

    field = smooth_field(rng, canvas.hu.shape, canvas.spacing_zyx, correlation_mm)
    offset = [axis - c for axis, c in zip((canvas.z, canvas.y, canvas.x), centre[::-1], strict=True)]
    length = np.maximum(np.sqrt(sum(o**2 for o in offset)), 1e-3)
    where = [
        (c + radius * o / length - float(axis.ravel()[0])) / spacing
        for c, o, axis, spacing in zip(
            centre[::-1], offset, (canvas.z, canvas.y, canvas.x), canvas.spacing_zyx, strict=True
        )
    ]
    return map_coordinates(field, where, order=1, mode="nearest", output=np.float32)


def _spicules(centre: np.ndarray, radius: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Return 14 to 26 strands from the surface outwards, each three points (xyz mm)."""
    strands = []
    for _ in range(int(rng.integers(14, 27))):
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        bent = direction + rng.normal(0, 0.25, 3)
        start = centre + 0.85 * radius * direction
        length = rng.uniform(6, 9 + 0.6 * radius)
        strands.append(np.stack([start, start + 0.5 * length * direction, start + length * bent]))
    return strands
