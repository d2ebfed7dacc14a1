"""Where lesions lie, on two boxes of lung around a spine, and on a phantom stored in every orientation."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.evaluation.location import Location, Thorax
from LungTumorSegLib.lungs.region import DILATION_MM, LungRegion
from LungTumorSegLib.phantom import Tumour, make_phantom
from LungTumorSegLib.volume import Grid, Volume

# 200 mm wide, 120 mm deep, 90 mm high; voxels of 2 mm in plane. The spine is at x = 100 mm.
SPACING = 2.0
GRID = Grid((101, 61, 30), (SPACING, SPACING, 3.0), (-100.0, -60.0, 0.0))


@pytest.fixture(scope="module")
def thorax() -> Thorax:
    lungs = np.zeros(GRID.shape, bool)
    lungs[3:27, 10:51, 10:41] = lungs[3:27, 10:51, 60:91] = True
    margin = int(DILATION_MM / SPACING)
    region = np.zeros(GRID.shape, bool)
    region[3:27, 10 - margin : 51 + margin, 10 - margin : 91 + margin] = True
    return Thorax(LungRegion(lungs, region, np.full(30, 50.0)), GRID)


def at(thorax: Thorax, x: float, y: float, z: float, long_axis_mm: float = 0.0) -> Location:
    """The location of a lesion about a point in voxels."""
    return thorax.locate(GRID.to_physical((x, y, z)), long_axis_mm)


def test_sides_are_the_patients(thorax):
    assert at(thorax, 20, 30, 15).side == "right"  # LPS: x grows to the patient's left
    assert at(thorax, 80, 30, 15).side == "left"


def test_thirds_of_the_height_of_the_lungs(thorax):
    assert [at(thorax, 20, 30, z).third for z in (3, 10, 11, 18, 19, 26)] == [
        "lower", "lower", "middle", "middle", "upper", "upper",
    ]  # fmt: skip
    assert at(thorax, 20, 30, 29.4).third == "upper"  # above the lungs
    assert at(thorax, 20, 30, -1).third == "lower"


def test_thirds_of_the_way_to_the_chest_wall(thorax):
    # The wall is 40 voxels from the spine to the side, 20 to the front.
    assert at(thorax, 50 + 12, 30, 15).depth == "central"
    assert at(thorax, 50 + 15, 30, 15).depth == "intermediate"
    assert at(thorax, 50 - 25, 30, 15).depth == "intermediate"
    assert at(thorax, 50 - 28, 30, 15).depth == "peripheral"
    assert at(thorax, 50 - 15, 30 - 15, 15).depth == "peripheral"  # near the front
    assert at(thorax, 50, 30, 15).depth == "central"
    assert at(thorax, 99, 30, 15).depth == "peripheral"  # outside of the chest


def test_a_lesion_touches_the_chest_wall_where_half_its_long_axis_comes_within_5_mm_of_it(thorax):
    # From voxel 80 to the wall at 90 there are 20 mm.
    assert [at(thorax, 80, 30, 15, long_axis).wall for long_axis in (0, 29, 31, 60)] == [
        "apart", "apart", "touches", "touches",
    ]  # fmt: skip
    assert at(thorax, 50, 30, 15, 20).wall == "apart"  # in the middle of the mediastinum
    assert at(thorax, 99, 30, 15).wall == "touches"


@pytest.mark.parametrize("turn", ["as made", "flipped", "sagittal"])
def test_the_place_of_a_tumour_does_not_depend_on_how_the_ct_is_stored(turn):
    phantom = make_phantom(2, size=(96, 96, 60), spacing=(3.75, 3.75, 5.0), tumours_to_grow=[Tumour(40)])
    ct = phantom.ct
    centre = ct.grid.to_physical(np.argwhere(phantom.mask.array > 0)[:, ::-1].mean(axis=0))
    expected = Thorax.of(ct).locate(centre)
    # The phantom is symmetric enough that its side can be told from its CT's middle.
    middle = ct.grid.to_physical((np.array(ct.grid.size) - 1) / 2)
    assert expected.side == ("left" if centre[0] > middle[0] else "right")
    assert Thorax.of(stored(ct, turn)).locate(centre) == expected


def stored(ct: Volume, turn: str) -> Volume:
    """The same CT with other index axes."""
    if turn == "as made":
        return ct
    if turn == "flipped":
        corner = tuple(ct.grid.to_physical((ct.grid.size[0] - 1, ct.grid.size[1] - 1, 0)))
        grid = Grid(ct.grid.size, ct.grid.spacing, corner, ct.grid.direction * [-1, -1, 1])
        return Volume(np.ascontiguousarray(ct.array[:, ::-1, ::-1]), grid)
    order = [1, 2, 0]  # index axes run posterior, superior, left
    grid = Grid(
        tuple(ct.grid.size[k] for k in order),
        tuple(ct.grid.spacing[k] for k in order),
        ct.grid.origin,
        ct.grid.direction[:, order],
    )
    return Volume(np.ascontiguousarray(ct.array.transpose([2 - k for k in order[::-1]])), grid)
