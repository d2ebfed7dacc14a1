"""A synthetic chest CT with tumours whose outline is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..progress import Progress, silent
from ..volume import Grid, Volume
from . import abdomen, anatomy, couch, mediastinum, skeleton, texture, tumours, vessels
from .build import AIR, Build
from .canvas import Canvas

SIZE = (256, 256, 120)  # xyz
SPACING = (1.4, 1.4, 2.5)  # xyz, mm
MIDDLE_MM = 150.0  # anatomical height at the volume's middle


@dataclass(frozen=True, eq=False)
class Phantom:
    """What `make_phantom` returns, all on one grid.

    Attributes
    ----------
    ct : Volume
        HU, int16.
    mask : Volume
        1 in the tumours, 0 elsewhere, uint8.
    lungs : Volume
        1 in both lungs with their vessels and tumours, uint8.
    tumours : tuple of Tumour
        The tumours that found room, in the order in which they were placed.
    """

    ct: Volume
    mask: Volume
    lungs: Volume
    tumours: tuple[tumours.Tumour, ...]


def make_phantom(
    seed: int = 0,
    *,
    size: tuple[int, int, int] = SIZE,
    spacing: tuple[float, float, float] = SPACING,
    tumours_to_grow: list[tumours.Tumour] | None = None,
    noise_hu: float = 18.0,
    progress: Progress = silent,
) -> Phantom:
    """Make a chest CT: the same for the same arguments, another patient for another ``seed``.

    Parameters
    ----------
    seed : int
    size : tuple of int, xyz
        Voxels. The field of view is centred on the chest; 330 mm hold all of it.
    spacing : tuple of float, xyz, mm
    tumours_to_grow : list of Tumour, optional
        Drawn when not given; an empty list gives healthy lungs.
    noise_hu : float
        Standard deviation of the scanner's noise in the middle of the chest.
    progress : callable

    Returns
    -------
    Phantom

    Raises
    ------
    InputError
        When ``size`` or ``spacing`` cannot hold a chest.
    """
    grid = _grid(size, spacing)
    body_rng, vessel_rng, tumour_rng, scanner_rng = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)
    )
    progress("phantom", 0.0)
    build = Build.draw(body_rng)
    canvas = Canvas.on(grid, build.stretch_xyz, AIR)
    chest = _paint_chest(canvas, build, body_rng)
    progress("phantom", 0.4)
    lungs = chest.lungs
    vessels.paint_trees(canvas, lungs, mediastinum.HILUM, build.blood_hu, vessel_rng)
    progress("phantom", 0.6)
    share = np.zeros(grid.shape, np.float32)
    grown = _grow_tumours(canvas, share, lungs, tumours_to_grow, tumour_rng)
    hu, share, lungs = texture.warp([canvas.hu, share, lungs], body_rng, grid.spacing[::-1], 3.0, 45.0)
    canvas.hu[...] = hu
    couch.paint_couch(canvas, 111.0 + build.fat_mm - 10)
    progress("phantom", 0.8)
    ct = _scan(canvas, grid, noise_hu, scanner_rng)
    progress("phantom", 1.0)
    mask, in_lungs = ((share > 0.5).astype(np.uint8), (lungs < 0).astype(np.uint8))
    return Phantom(Volume(ct, grid), Volume(mask, grid), Volume(in_lungs, grid), tuple(grown))


def _grid(size, spacing) -> Grid:
    """Return the grid around the chest's middle; patient coordinates are anatomical ones."""
    if len(size) != 3 or min(size) < 16 or len(spacing) != 3 or not all(0.2 <= s <= 20 for s in spacing):
        raise InputError(
            f"a phantom of {size} voxels of {spacing} mm", None, "give at least 16 voxels of 0.2 to 20 mm"
        )
    half = [s * (n - 1) / 2 for n, s in zip(size, spacing, strict=True)]
    return Grid(size, spacing, origin=(-half[0], -half[1], MIDDLE_MM - half[2]))


def _paint_chest(canvas: Canvas, build: Build, rng: np.random.Generator) -> anatomy.Chest:
    """Paint everything but the lungs' vessels and tumours."""
    chest = anatomy.shape_chest(canvas, build)
    anatomy.paint_body(canvas, chest, rng, build)
    skeleton.paint_skeleton(canvas, chest, rng)
    abdomen.paint_abdomen(canvas, chest.cage, chest.lungs, chest.mediastinum[:2], build)
    anatomy.paint_lungs(canvas, chest, rng)
    mediastinum.paint_mediastinum(canvas, chest.mediastinum, build.blood_hu)
    return chest


def _grow_tumours(canvas: Canvas, share: np.ndarray, lungs: np.ndarray, wanted, rng) -> list[tumours.Tumour]:
    """Place and paint the tumours; return those that found room."""
    from scipy.ndimage import distance_transform_edt

    wanted = tumours.draw_tumours(rng) if wanted is None else wanted
    if not wanted:
        return []
    coarse = canvas.thinned(2)
    depth = distance_transform_edt(lungs[::2, ::2, ::2] < 0, sampling=coarse.spacing_zyx)
    taken, grown = [], []
    for tumour in sorted(wanted, key=lambda t: -t.diameter_mm):
        centre = tumours.place(tumour, depth, coarse, taken, rng)
        if centre is None:
            continue
        reach = 1.6 * tumour.diameter_mm / 2 + 12
        part = canvas.around(centre[None], reach)
        views = [canvas.same_part(part, array) for array in (share, lungs)]
        tumours.paint_tumour(part, *views, tumour, centre, rng)
        taken.append((centre, tumour.diameter_mm / 2))
        grown.append(tumour)
    return grown


def _scan(canvas: Canvas, grid: Grid, noise_hu: float, rng: np.random.Generator) -> np.ndarray:
    """Return int16 HU as a scanner would give them: blurred a little, noisier inside and across the shoulders."""
    from scipy.ndimage import gaussian_filter

    hu = gaussian_filter(canvas.hu, (0.35, 0.45, 0.45), truncate=3)
    centre = np.exp(-((canvas.x / 130) ** 2) - (canvas.y / 95) ** 2)
    shoulders = 1 + 0.8 * np.clip((canvas.z - 225) / 40, 0, 1)
    level = noise_hu * (0.35 + 0.65 * centre) * shoulders
    hu += texture.scanner_noise(rng, grid.shape, level.astype(np.float32))
    return np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
