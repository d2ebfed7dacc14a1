"""The body without couch and air, and the part of it where something is expected."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.lungs import Place, find_lungs, locate_body, place_of
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.orientation import Orientation

SPACING = 4.0


def trunk(axes=(0, 1, 2), flips=(False, False, False)) -> tuple[Volume, np.ndarray]:
    """A trunk on a couch, with an organ on its right side in front; stored with its axes permuted and flipped."""
    z, y, x = np.meshgrid(np.arange(20), np.arange(60), np.arange(80), indexing="ij")
    hu = np.full(z.shape, -1000.0)
    hu[((x - 40) / 30) ** 2 + ((y - 25) / 18) ** 2 < 1] = 40
    organ = ((x - 28) / 5) ** 2 + ((y - 20) / 4) ** 2 + ((z - 10) / 4) ** 2 < 1
    hu[organ] = 90
    hu[:, 50:51, 5:75] = 200  # the couch, 24 mm behind the back
    orientation = Orientation(axes, flips)
    direction = np.zeros((3, 3))
    for k, axis in enumerate(axes):
        direction[k, axis] = -1 if flips[k] else 1
    stored = np.ascontiguousarray(orientation.undo(hu.astype(np.int16)))
    grid = Grid(stored.shape[::-1], (SPACING,) * 3, (0, 0, 0), direction)
    assert Orientation.of(grid) == orientation
    return Volume(stored, grid), np.ascontiguousarray(orientation.undo(organ))


def region_of(ct: Volume, *arguments) -> np.ndarray:
    """The region on the CT's own grid."""
    orientation = Orientation.of(ct.grid)
    located = locate_body(ct, *arguments)
    return orientation.undo(located.on_fine_grid(located.region))


def test_the_body_holds_the_patient_and_neither_air_nor_couch():
    ct, _ = trunk()
    region = region_of(ct)
    assert region[(ct.array > 0) & (ct.array < 150)].all()
    assert not region[ct.array > 150].any(), "the couch is left out"
    assert region.sum() < 1.4 * np.count_nonzero((ct.array > 0) & (ct.array < 150))


@pytest.mark.parametrize(("axes", "flips"), [((0, 1, 2), (True, True, False)), ((2, 0, 1), (False, True, True))])
def test_it_is_the_same_whichever_way_the_scan_is_stored(axes, flips):
    ct, organ = trunk()
    turned, same_organ = trunk(axes, flips)
    place = place_of(ct, organ)
    assert place_of(turned, same_organ) == place
    there = Orientation.of(turned.grid).apply(region_of(turned, place, 10.0))
    assert np.array_equal(region_of(ct, place, 10.0), there)


def test_a_place_holds_what_it_was_measured_on():
    ct, organ = trunk()
    place = place_of(ct, organ)
    (right, left), (front, back) = place
    assert 0.15 < right < left < 0.5, "an organ on the right side"
    assert 0.2 < front < back < 0.5, "in front"
    region, wider = region_of(ct, place), region_of(ct, place, 30.0)
    assert region[organ].all()
    assert wider[region].all()
    assert region.sum() < wider.sum() < region_of(ct).sum()


def test_arms_beside_the_trunk_in_some_slices_move_no_place():
    ct, organ = trunk()
    raised = ct.array.copy()
    raised[15:, 20:30, 2:10] = 40
    assert place_of(Volume(raised, ct.grid), organ) == place_of(ct, organ)


def test_on_a_phantom_the_body_holds_lungs_and_tumour():
    phantom = make_phantom(2, size=(96, 72, 30), spacing=(5, 5, 10))
    region = region_of(phantom.ct)
    assert region[phantom.mask.array > 0].all()
    assert region[find_lungs(phantom.ct).lungs].all()
    assert region.mean() < 0.8


def test_a_scan_of_air_is_looked_at_everywhere():
    air = Volume(np.full((6, 8, 10), -1000, np.int16), Grid((10, 8, 6), (5, 5, 5)))
    assert region_of(air).all()
    assert region_of(air, Place((0.2, 0.3), (0.2, 0.3))).all()
    assert place_of(air, np.ones((6, 8, 10), bool)) is None


def test_a_scan_without_air_is_body_throughout():
    solid = Volume(np.full((6, 8, 10), 40, np.int16), Grid((10, 8, 6), (5, 5, 5)))
    assert region_of(solid).all()
    assert place_of(solid, np.zeros((6, 8, 10), bool)) is None
