"""Contours of an RTSTRUCT to voxels of the CT that they were drawn on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, read_ct, read_mask
from LungTumorSegLib.volume.rtstruct import read_structure_set
from support.dicom_annotations import circle, write_rtstruct
from support.dicom_series import write_ct_series
from support.volumes import chest_volume

OBLIQUE = Rotation.from_euler("zyx", [20, -15, 10], degrees=True).as_matrix()
CENTRE, RADIUS = (12.3, 13.7), 6.2


@pytest.fixture(params=["axial", "oblique"])
def drawn(request, tmp_path):
    """A CT, and an RTSTRUCT with a tube through slices 3 to 6 that has a hole in slice 5."""
    direction = np.eye(3) if request.param == "axial" else OBLIQUE
    grid = Grid((32, 28, 12), (10.0, 10.0, 20.0), (-160.0, -140.0, -300.0), direction)
    slices = write_ct_series(tmp_path / "dicom", chest_volume(grid))
    tube = [circle(grid, k, CENTRE, RADIUS) for k in range(3, 7)] + [circle(grid, 5, CENTRE, 2.1)]
    points = [(circle(grid, 4, CENTRE, 1, points=1), "POINT")]
    path = write_rtstruct(tmp_path / "dicom" / "rs.dcm", slices[0], {"Isocentre": points, "GTV-1": tube})
    return read_ct(tmp_path / "dicom"), path


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:28, :32]
    return (x - CENTRE[0]) ** 2 + (y - CENTRE[1]) ** 2 < radius**2


def test_voxels_whose_centre_is_enclosed_also_on_an_oblique_grid(drawn):
    ct, path = drawn
    inside = read_structure_set(path).inside(1, ct.grid)
    expected = np.zeros(ct.array.shape, bool)
    expected[3:7] = disc(RADIUS)
    expected[5] &= ~disc(2.1)
    assert (inside != expected).sum() <= 4  # voxels that a polygon of 90 corners cuts off a circle
    assert inside.sum() > 300


def test_read_mask_takes_the_roi_by_name_and_needs_the_ct(drawn):
    ct, path = drawn
    mask = read_mask(path, "GTV-1", ct)
    assert mask.grid is ct.grid
    assert np.array_equal(mask.array, read_structure_set(path).inside(1, ct.grid))
    with pytest.raises(InputError, match="give its CT"):
        read_mask(path)
    with pytest.raises(InputError, match=r"no segment 'tumour'; choose one of 'Isocentre', 'GTV-1'"):
        read_mask(path, "tumour", ct)


def test_roi_without_a_closed_contour_is_refused(drawn):
    ct, path = drawn
    with pytest.raises(InputError, match="'Isocentre' has no closed contour"):
        read_structure_set(path).inside(0, ct.grid)


@pytest.fixture
def draw(tmp_path):
    """Draw contours on an axial CT, and fill them."""
    ct = chest_volume()
    slices = write_ct_series(tmp_path / "dicom", ct)

    def filled(contours: list[np.ndarray]) -> np.ndarray:
        path = write_rtstruct(tmp_path / "rs.dcm", slices[0], {"GTV": contours})
        return read_structure_set(path).inside(0, read_ct(tmp_path / "dicom").grid)

    return ct.grid, filled


@pytest.mark.parametrize(("plane", "expected"), [(4.4, 4), (4.5, 5), (3.6, 4)])
def test_contour_between_slices_goes_to_the_nearest_and_that_is_said(draw, caplog, plane, expected):
    grid, filled = draw
    inside = filled([circle(grid, plane, CENTRE, 5)])
    assert np.flatnonzero(inside.any(axis=(1, 2))).tolist() == [expected]
    assert "beside the CT's; assigned to the nearest" in caplog.text


def test_two_planes_that_meet_in_one_slice_do_not_cancel_out(draw):
    grid, filled = draw
    once = filled([circle(grid, 4, CENTRE, 5)])
    assert np.array_equal(filled([circle(grid, 3.8, CENTRE, 5), circle(grid, 4.2, CENTRE, 5)]), once)


@pytest.mark.parametrize("plane", [-1.0, 11.6])
def test_contour_beyond_the_ct_is_refused(draw, plane):
    grid, filled = draw
    with pytest.raises(InputError, match="reach beyond the CT's 12 slices"):
        filled([circle(grid, plane, CENTRE, 5)])


def test_contour_across_slices_is_refused(draw):
    grid, filled = draw
    upright = grid.to_physical([(10, 10, 2), (14, 10, 2), (14, 10, 8), (10, 10, 8)])
    with pytest.raises(InputError, match="do not lie in the CT's slices"):
        filled([upright])


def test_slices_left_out_are_told_of(draw, caplog):
    grid, filled = draw
    filled([circle(grid, k, CENTRE, 5) for k in (2, 4, 6, 8)])
    assert "every 2. slice only" in caplog.text


def test_damaged_file_is_refused(tmp_path, draw):
    grid, filled = draw
    filled([circle(grid, 4, CENTRE, 5)])
    whole = (tmp_path / "rs.dcm").read_bytes()
    for length in (len(whole) // 2, len(whole) - 7, 300):
        (tmp_path / "cut.dcm").write_bytes(whole[:length])
        with pytest.raises(InputError, match="RTSTRUCT"):
            read_structure_set(tmp_path / "cut.dcm")
