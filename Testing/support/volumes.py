"""Small synthetic volumes and grids."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.transform import Rotation

from LungTumorSegLib.volume import Grid, Volume


def chest_volume(grid: Grid | None = None, seed: int = 0) -> Volume:
    """Air around an elliptic body of soft tissue with two lungs, with noise: the values of a chest CT, int16 HU."""
    grid = grid or Grid((32, 28, 12), (10.0, 10.0, 20.0), (-160.0, -140.0, -300.0))
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in grid.shape], indexing="ij")
    hu = np.full(grid.shape, -1000.0)
    hu[(x / 0.9) ** 2 + (y / 0.8) ** 2 < 1] = 40.0
    for side in (-0.4, 0.4):
        hu[((x - side) / 0.3) ** 2 + (y / 0.55) ** 2 + (z / 0.9) ** 2 < 1] = -850.0
    hu += np.random.default_rng(seed).normal(0, 15, grid.shape)
    return Volume(hu.clip(-1024, 3071).round().astype(np.int16), grid)


def ball_mask(grid: Grid, label: int = 1) -> Volume:
    """A label map, uint8, with one ellipsoid off the middle."""
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in grid.shape], indexing="ij")
    inside = ((x + 0.4) / 0.35) ** 2 + ((y - 0.1) / 0.4) ** 2 + (z / 0.5) ** 2 < 1
    return Volume(np.where(inside, label, 0).astype(np.uint8), grid)


@st.composite
def grids(draw, max_size: int = 9) -> Grid:
    """Any grid that may be met: anisotropic, oblique, with permuted and flipped axes, far from the origin."""
    size = tuple(draw(st.integers(2, max_size)) for _ in range(3))
    spacing = tuple(draw(st.floats(0.3, 6.0)) for _ in range(3))
    origin = tuple(draw(st.floats(-900.0, 900.0)) for _ in range(3))
    angles = [draw(st.sampled_from([0.0, 90.0, 180.0]) | st.floats(-180.0, 180.0)) for _ in range(3)]
    flips = np.array([draw(st.sampled_from([1.0, -1.0])) for _ in range(3)])
    return Grid(size, spacing, origin, Rotation.from_euler("zyx", angles, degrees=True).as_matrix() * flips)


@st.composite
def masks(draw, labels: int = 3) -> Volume:
    """Any label map on any grid."""
    grid = draw(grids())
    array = draw(hnp.arrays(np.uint8, grid.shape, elements=st.integers(0, labels), fill=st.just(0)))
    return Volume(array, grid)
