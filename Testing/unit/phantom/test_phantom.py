"""A phantom is a chest CT by its numbers, its tumours are where and as large as they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, distance_transform_edt, label

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.phantom import KINDS, Tumour, make_phantom

SMALL = {"size": (64, 64, 40), "spacing": (5.5, 5.5, 7.5)}


def dice(a, b) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_all_on_one_grid_in_the_types_of_a_scan(phantom):
    assert phantom.ct.array.dtype == np.int16
    assert phantom.mask.array.dtype == phantom.lungs.array.dtype == np.uint8
    assert phantom.ct.grid.size == (128, 128, 75)
    assert phantom.ct.grid is phantom.mask.grid is phantom.lungs.grid
    assert set(np.unique(phantom.mask.array)) == {0, 1}


def test_the_same_arguments_give_the_same_phantom():
    first, again, other = (make_phantom(seed, **SMALL) for seed in (1, 1, 2))
    assert np.array_equal(first.ct.array, again.ct.array)
    assert np.array_equal(first.mask.array, again.mask.array)
    assert first.tumours == again.tumours
    assert not np.array_equal(first.ct.array, other.ct.array)


def test_tumours_do_not_change_the_patient_around_them():
    healthy, ill = (make_phantom(4, tumours_to_grow=grown, **SMALL) for grown in ([], [Tumour(40)]))
    assert not healthy.mask.array.any()
    assert ill.mask.array.any()
    far = distance_transform_edt(ill.mask.array == 0, sampling=ill.ct.grid.spacing[::-1]) > 60
    assert np.array_equal(healthy.ct.array[far], ill.ct.array[far])


def test_the_values_are_those_of_a_chest_ct(phantom):
    hu, lungs, mask = phantom.ct.array, phantom.lungs.array > 0, phantom.mask.array > 0
    assert hu.min() >= -1024
    assert hu[:, :6].mean() == pytest.approx(-1000, abs=5)  # the air in front of the patient
    parenchyma = binary_erosion(lungs & ~mask, iterations=2)
    assert -900 < np.median(hu[parenchyma]) < -780
    assert np.percentile(hu[parenchyma], 99) > -600  # vessels
    assert np.percentile(hu, 99.8) > 300  # bone
    body = binary_erosion(hu > -300, iterations=1)
    assert 0 < np.median(hu[body]) < 80
    assert ((hu[body] > -130) & (hu[body] < -60)).mean() > 0.05  # fat


def test_the_lungs_are_two_and_of_a_persons_size(phantom):
    lungs = phantom.lungs.array > 0
    parts, count = label(lungs)
    volumes = sorted(np.bincount(parts.ravel())[1:] * phantom.lungs.grid.voxel_ml)[::-1]
    assert volumes[0] < 4000
    assert volumes[1] > 1200
    assert sum(volumes[2:]) < 30, count


def test_every_tumour_that_was_asked_for_found_room(phantom):
    assert sorted(t.kind for t in phantom.tumours) == sorted(KINDS)
    assert label(phantom.mask.array)[1] == len(phantom.tumours)


def test_tumours_lie_in_the_lungs_and_are_soft_tissue(phantom):
    mask = phantom.mask.array > 0
    assert (phantom.lungs.array[mask] > 0).mean() > 0.99
    parts, count = label(mask)
    for k in range(1, count + 1):
        core = phantom.ct.array[binary_erosion(parts == k)]
        assert -10 < np.percentile(core, 80) < 90


@pytest.mark.parametrize("kind", ["lobulated", "spiculated", "cavitated"])
def test_a_tumour_has_the_volume_of_its_ball(kind):
    grown = make_phantom(7, size=(128, 128, 75), spacing=(2.8, 2.8, 4.0), tumours_to_grow=[Tumour(40, kind)])
    volume_ml = grown.mask.array.sum() * grown.mask.grid.voxel_ml
    assert volume_ml == pytest.approx(np.pi / 6 * 4.0**3, rel=0.35)


def test_a_cavity_holds_air_and_belongs_to_the_tumour():
    grown = make_phantom(8, size=(128, 128, 75), spacing=(2.8, 2.8, 4.0), tumours_to_grow=[Tumour(45, "cavitated")])
    inside = binary_erosion(grown.mask.array > 0, iterations=2)
    assert (grown.ct.array[inside] < -800).any()


def test_a_pleural_tumour_touches_the_surface_of_the_lungs():
    grown = make_phantom(9, size=(128, 128, 75), spacing=(2.8, 2.8, 4.0), tumours_to_grow=[Tumour(30, "pleural")])
    depth = distance_transform_edt(grown.lungs.array, sampling=grown.ct.grid.spacing[::-1])
    assert depth[grown.mask.array > 0].min() <= 4.0


def test_a_tumour_too_large_for_the_lungs_is_left_out():
    assert make_phantom(1, tumours_to_grow=[Tumour(300)], **SMALL).tumours == ()


def test_lung_isolation_works_on_a_phantom(phantom):
    found = find_lungs(phantom.ct)
    lungs, mask = phantom.lungs.array > 0, phantom.mask.array > 0
    assert dice(found.lungs, lungs) > 0.94
    assert found.region[mask].mean() > 0.99


def test_a_field_of_view_smaller_than_the_chest_crops_it():
    cropped = make_phantom(1, size=(40, 40, 20), spacing=(4, 4, 4))
    assert cropped.ct.array.shape == (20, 40, 40)
    assert cropped.lungs.array.any()


@pytest.mark.parametrize(
    ("size", "spacing"), [((8, 64, 64), (4, 4, 4)), ((64, 64, 64), (0, 4, 4)), ((64, 64, 64), (float("nan"), 4, 4))]
)
def test_a_grid_that_cannot_hold_a_chest_is_refused(size, spacing):
    with pytest.raises(InputError, match="at least 16 voxels"):
        make_phantom(1, size=size, spacing=spacing)
