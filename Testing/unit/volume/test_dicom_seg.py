"""DICOM SEG to voxels of the CT that it was made on, and regions chosen by name."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, read_ct, read_mask
from LungTumorSegLib.volume.regions import choose_regions, dicom_kinds
from support.dicom_annotations import circle, write_rtstruct, write_seg
from support.dicom_series import write_ct_series, write_other_files
from support.volumes import ball_mask, chest_volume

OBLIQUE = Rotation.from_euler("zyx", [20, -15, 10], degrees=True).as_matrix()


@pytest.fixture
def series(tmp_path):
    """A CT in slices, and its volume as it is read."""
    grid = Grid((16, 14, 6), (10.0, 10.0, 15.0), (-80.0, -70.0, -60.0), OBLIQUE)
    slices = write_ct_series(tmp_path / "dicom", chest_volume(grid))
    return slices, read_ct(tmp_path / "dicom")


@pytest.fixture
def ball(series):
    return ball_mask(series[1].grid).array > 0


@pytest.mark.parametrize("backwards", [False, True])
def test_segment_lies_on_the_ct_whatever_the_order_of_frames(series, ball, tmp_path, backwards):
    slices, ct = series
    assert not ball[0].any()  # a slice whose empty frame is left out
    order = slice(None, None, -1) if backwards else slice(None)
    path = write_seg(tmp_path / "seg.dcm", slices[order], {"Lung": ~ball[order], "Tumour": ball[order]})
    mask = read_mask(path, "Tumour", ct)
    assert mask.grid.same_as(ct.grid)
    assert np.array_equal(mask.array > 0, ball)
    assert np.array_equal(read_mask(path, ct=ct).array, np.where(ball, 2, 1))


def test_fractional_segment_counts_from_one_half(series, ball, tmp_path):
    slices, ct = series
    share = np.where(ball, 0.6, 0.4).astype(np.float32)
    path = write_seg(tmp_path / "seg.dcm", slices, {"Tumour": share}, kind="FRACTIONAL")
    assert np.array_equal(read_mask(path, ct=ct).array > 0, ball)


def test_segment_on_another_grid_is_refused(series, ball, tmp_path):
    slices, ct = series
    path = write_seg(tmp_path / "seg.dcm", slices, {"Tumour": ball})
    moved = Grid(ct.grid.size, ct.grid.spacing, ct.grid.to_physical((0.3, 0, 0)), ct.grid.direction)
    other = chest_volume(moved)
    with pytest.raises(InputError, match="'Tumour' are not voxels of the CT"):
        read_mask(path, ct=other)
    with pytest.raises(InputError, match="give its CT"):
        read_mask(path)


def test_damaged_segmentation_is_refused(series, ball, tmp_path):
    slices, ct = series
    whole = write_seg(tmp_path / "seg.dcm", slices, {"Tumour": ball}).read_bytes()
    for length in (len(whole) // 2, len(whole) - 50):
        (tmp_path / "cut.dcm").write_bytes(whole[:length])
        with pytest.raises(InputError, match="DICOM SEG"):
            read_mask(tmp_path / "cut.dcm", ct=ct)


def test_without_highdicom_it_is_said_what_to_install(series, ball, tmp_path, monkeypatch):
    slices, ct = series
    path = write_seg(tmp_path / "seg.dcm", slices, {"Tumour": ball})
    monkeypatch.setitem(sys.modules, "highdicom.seg", None)  # as where it is not installed
    with pytest.raises(InputError, match="pip install highdicom"):
        read_mask(path, ct=ct)


def test_annotations_are_found_among_whatever_else(series, ball, tmp_path):
    slices, ct = series
    folder = slices[0].parent
    write_other_files(folder / "more")
    (folder / "more" / "IM000000").unlink()  # an RTSTRUCT without content
    seg = write_seg(folder / "deep" / "IM0", slices, {"Tumour": ball})
    rtstruct = write_rtstruct(folder / "deep" / "IM1", slices[0], {"GTV-1": [circle(ct.grid, 3, (8, 7), 4)]})
    kinds = dicom_kinds(folder)
    assert (kinds.ct, kinds.segmentations, kinds.structure_sets) == (True, (seg,), (rtstruct,))


def test_where_both_kinds_match_the_segmentation_is_taken_and_that_is_said(series, ball, tmp_path, caplog):
    slices, ct = series
    write_seg(slices[0].parent / "seg.dcm", slices, {"Tumour": ball})
    write_rtstruct(slices[0].parent / "rs.dcm", slices[0], {"GTV-1": [circle(ct.grid, 3, (8, 7), 4)]})
    caplog.set_level("INFO")
    folder = slices[0].parent
    assert np.array_equal(choose_regions(folder, {1: "tumour|gtv"}).label_map(ct.grid).array > 0, ball)
    assert "the DICOM SEG is taken" in caplog.text
    drawn = choose_regions(folder, {1: "^gtv-1$"}).label_map(ct.grid).array
    assert np.flatnonzero(drawn.any(axis=(1, 2))).tolist() == [3]


def test_several_matches_are_united_and_labels_laid_in_their_order(series, ball, tmp_path, caplog):
    slices, ct = series
    left = np.zeros_like(ball)
    left[:, :, :3] = True
    write_seg(slices[0].parent / "seg.dcm", slices, {"tumour a": ball, "tumour b": left, "organ": ~left})
    caplog.set_level("INFO")
    labels = choose_regions(slices[0].parent, {1: "tumour"}).label_map(ct.grid).array
    assert np.array_equal(labels, ball | left)
    assert "'tumour a', 'tumour b'" in caplog.text
    labels = choose_regions(slices[0].parent, {1: "organ", 2: "tumour a"}).label_map(ct.grid).array
    assert np.array_equal(labels, np.where(ball, 2, ~left))


def test_names_are_listed_where_none_matches(series, ball, tmp_path):
    slices, _ = series
    write_seg(slices[0].parent / "seg.dcm", slices, {"Heart": ball})
    with pytest.raises(InputError, match=r"no segment or ROI .* there is 'Heart'; name it by --roi"):
        choose_regions(slices[0].parent, {1: "tumou?r"})


def test_ct_that_the_annotation_was_drawn_on_is_read_not_a_larger_one(series, ball, tmp_path):
    slices, ct = series
    larger = chest_volume(Grid((16, 14, 9), (10.0, 10.0, 15.0), (-80.0, -70.0, -60.0)))
    other = write_ct_series(slices[0].parent / "larger", larger, FrameOfReferenceUID="1.2.3")
    path = write_seg(slices[0].parent / "seg.dcm", slices, {"Tumour": ball})
    regions = choose_regions(slices[0].parent, {1: "tumour"})
    assert read_ct(slices[0].parent).array.shape[0] == 9
    assert read_ct(slices[0].parent, drawn_on=regions.drawn_on).grid.same_as(ct.grid)
    for file in slices:
        file.unlink()
    assert path.is_file()
    assert other
    with pytest.raises(InputError, match="drawn on a CT that is not here"):
        read_ct(slices[0].parent, drawn_on=regions.drawn_on)
