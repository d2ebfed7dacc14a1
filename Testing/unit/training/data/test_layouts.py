"""Data sets: what is found in each layout, and what must not pass unseen."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe.schema import Annotation
from LungTumorSegLib.training.data.cases import IGNORED
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.reading import has_tumor, read_case
from LungTumorSegLib.volume import Grid, Volume, read_ct, write_mask, write_volume
from support.data_sets import coarse_recipe, load_case, sick_chest, write_case, write_listed
from support.dicom_annotations import circle, write_rtstruct, write_seg
from support.dicom_series import write_ct_series
from support.volumes import ball_mask, chest_volume


@pytest.fixture
def chest_case(tmp_path):
    """A folder with one case: a CT and its tumour as Slicer saves it."""
    folder = tmp_path / "case"
    folder.mkdir()
    ct = chest_volume()
    write_volume(folder / "ct.nii.gz", ct)
    write_mask(folder / "tumor.seg.nrrd", ball_mask(ct.grid), {1: "tumor"})
    return folder


def test_mask_as_slicer_saves_it_is_found(chest_case):
    (case,) = find_cases(chest_case.parent)
    assert case.mask.name == "tumor.seg.nrrd"


def test_mask_in_a_format_that_is_not_read_is_refused_not_overlooked(chest_case):
    (chest_case / "tumor.seg.nrrd").rename(chest_case / "tumor.mat")
    with pytest.raises(InputError, match="not a format"):
        find_cases(chest_case.parent)


def test_mask_of_255_is_tumour_and_not_ignored(chest_case):
    ct = chest_volume()
    tumor = ball_mask(ct.grid)
    write_mask(chest_case / "tumor.seg.nrrd", Volume((tumor.array * 255).astype(np.uint8), ct.grid))
    case = load_case(find_cases(chest_case.parent)[0], coarse_recipe())
    assert (case.label == 1).sum() == tumor.array.sum()
    assert not (case.label == IGNORED).any()
    assert len(case.lesions) == 1


def test_mask_on_another_grid_is_refused_by_name(chest_case):
    (chest_case / "tumor.seg.nrrd").unlink()
    write_mask(chest_case / "tumor.nii.gz", ball_mask(Grid((5, 6, 7))))
    with pytest.raises(InputError, match=r"tumor\.nii\.gz"):
        load_case(find_cases(chest_case.parent)[0], coarse_recipe())


# ---- dataset.json


@pytest.mark.parametrize("kind", ["decathlon", "nnunet1", "nnunet2"])
def test_listed_data_sets_are_told_apart(tmp_path, kind):
    write_listed(tmp_path, kind)
    (tmp_path / "imagesTr" / "._lung_001_0000.nii.gz").write_bytes(b"what macOS leaves in archives")
    cases = find_cases(tmp_path)
    assert [case.name for case in cases] == ["lung_001", "lung_002"]
    for seed, case in enumerate(cases):
        images = read_case(case)
        ct, mask = sick_chest(seed)
        assert np.array_equal(images.ct.array, ct.array)
        assert np.array_equal(images.mask.array, mask.array)
        assert has_tumor(case)


def test_nnunets_listing_may_name_the_files_itself(tmp_path):
    write_listed(tmp_path, "nnunet2")
    (tmp_path / "imagesTr" / "lung_002_0000.nii.gz").rename(tmp_path / "elsewhere.nii.gz")
    content = json.loads((tmp_path / "dataset.json").read_text())
    entry = {"images": ["elsewhere.nii.gz"], "label": "labelsTr/lung_002.nii.gz"}
    (tmp_path / "dataset.json").write_text(json.dumps({**content, "numTraining": 1, "dataset": {"two": entry}}))
    (case,) = find_cases(tmp_path)
    assert (case.name, case.ct.name, case.mask.name) == ("two", "elsewhere.nii.gz", "lung_002.nii.gz")


def test_nnunets_ignore_label_is_no_tumour_and_seen_by_no_loss(tmp_path):
    write_listed(tmp_path, "nnunet2", ("a",), labels={"background": 0, "tumour": 1, "ignore": 2})
    _, mask = sick_chest()
    marked = mask.array.copy()
    marked[0, :3, :3] = 2
    write_mask(tmp_path / "labelsTr" / "a.nii.gz", mask.with_array(marked))
    (found,) = find_cases(tmp_path)
    case = load_case(found, coarse_recipe())
    assert (case.label == IGNORED).sum() == 9
    assert (case.label == 1).sum() == (mask.array > 0).sum()
    write_mask(tmp_path / "labelsTr" / "a.nii.gz", mask.with_array(np.where(marked == 2, marked, 0)))
    assert not has_tumor(found)


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        ({"training": [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}]}, r"imagesTr.a\.nii\.gz"),
        ({"training": [{"image": 3}]}, "'training' list"),
        ({"labels": {}}, "'training' list"),
        ({"file_ending": ".png", "channel_names": {"0": "CT"}}, "images in '.png' are not read"),
        ({"file_ending": ".nii.gz", "channel_names": {"0": "CT", "1": "PET"}}, r"2 image channels \(CT, PET\)"),
        ([], "JSON object"),
    ],
)
def test_listing_that_cannot_be_used(tmp_path, listing, words):
    (tmp_path / "dataset.json").write_text(json.dumps(listing))
    with pytest.raises(InputError, match=words):
        find_cases(tmp_path)


def test_number_of_cases_that_the_listing_states_is_checked(tmp_path):
    write_listed(tmp_path, "nnunet2", numTraining=3)
    with pytest.raises(InputError, match="says that there are 3 cases, and there are 2"):
        find_cases(tmp_path)


@pytest.mark.parametrize("gone", ["imagesTr/lung_001_0000.nii.gz", "labelsTr/lung_001.nii.gz"])
def test_missing_file_of_a_case_is_refused_or_left_to_whoever_reads_it(tmp_path, gone):
    write_listed(tmp_path, "nnunet2")
    (tmp_path / gone).unlink()
    with pytest.raises(InputError, match="a file of case lung_001 is missing"):
        find_cases(tmp_path)
    first, _ = find_cases(tmp_path, allow_missing=True)
    with pytest.raises(InputError, match="there is no such file"):
        read_case(first)


def test_two_cases_of_one_name_are_refused(tmp_path):
    write_listed(tmp_path, "decathlon", ("a",))
    pair = {"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}
    (tmp_path / "dataset.json").write_text(json.dumps({"training": [pair, pair]}))
    with pytest.raises(InputError, match="two cases are named a"):
        find_cases(tmp_path)


# ---- DICOM


@pytest.fixture
def dicom_case(tmp_path):
    """A folder with a CT in slices in a subfolder, its volume as it is read, and the tumour."""
    ct, mask = sick_chest()
    slices = write_ct_series(tmp_path / "data" / "case" / "series", ct)
    return slices, read_ct(tmp_path / "data" / "case"), mask.array > 0


def test_dicom_case_with_a_mask_beside(dicom_case):
    slices, ct, tumor = dicom_case
    write_mask(slices[0].parent.parent / "tumor.nrrd", ct.with_array(tumor.astype(np.uint8)))
    (case,) = find_cases(slices[0].parent.parent.parent)
    assert np.array_equal(read_case(case).mask.array, tumor)
    assert np.array_equal(read_case(case).ct.array, ct.array)


def test_dicom_case_without_any_annotation_has_no_tumour(dicom_case):
    slices, *_ = dicom_case
    (case,) = find_cases(slices[0].parent.parent.parent)
    assert case.mask is None
    assert not has_tumor(case)


def test_dicom_seg_among_the_slices(dicom_case):
    slices, _, tumor = dicom_case
    write_seg(slices[0].parent / "x", slices, {"Lungs": ~tumor, "Neoplasm, Primary": tumor})
    (case,) = find_cases(slices[0].parent.parent.parent)
    assert np.array_equal(read_case(case).mask.array, tumor)
    assert has_tumor(case)


def test_rtstruct_among_the_slices_and_the_roi_of_a_recipe(dicom_case):
    slices, ct, _ = dicom_case
    drawn = {"GTV-1": [circle(ct.grid, 4, (10, 14), 4)], "PTV-1": [circle(ct.grid, 4, (10, 14), 8)]}
    write_rtstruct(slices[0].parent.parent / "rs" / "1.dcm", slices[0], drawn)
    folder = slices[0].parent.parent.parent
    (case,) = find_cases(folder)
    small = read_case(case).mask.array.sum()
    assert 40 < small < 60
    (case,) = find_cases(folder, Annotation(rois={1: "^ptv"}))
    assert read_case(case).mask.array.sum() > 2 * small
    (case,) = find_cases(folder, Annotation(rois={1: "heart"}))
    with pytest.raises(InputError, match=r"there is 'GTV-1', 'PTV-1'; name it by --roi"):
        read_case(case)


def test_patients_studies_and_series_in_nested_folders(tmp_path):
    """As the NBIA Data Retriever writes a collection; the CT is the series that the contours were drawn on."""
    ct, _ = sick_chest()
    patient = tmp_path / "LUNG1-001" / "01-01-2014-NA-NA-12345"
    slices = write_ct_series(patient / "0.000000-NA-00001", ct)
    drawn = {"GTV-1": [circle(ct.grid, 4, (10, 14), 4)], "Lung-Left": [circle(ct.grid, 4, (10, 14), 8)]}
    write_rtstruct(patient / "0.000000-NA-00002" / "1-1.dcm", slices[0], drawn)
    (patient / "LICENSE").write_text("text beside the series")
    (case,) = find_cases(tmp_path)
    images = read_case(case)
    assert case.name == "LUNG1-001"
    assert np.array_equal(images.ct.array, ct.array)
    assert 40 < images.mask.array.sum() < 60


def test_label_without_a_roi_is_refused(dicom_case):
    slices, _, tumor = dicom_case
    write_seg(slices[0].parent / "x", slices, {"Tumour": tumor})
    (case,) = find_cases(slices[0].parent.parent.parent)
    with pytest.raises(InputError, match="no ROI is named for label 2"):
        load_case(case, coarse_recipe("labels={1: Tumour, 2: Node}"))


def test_images_and_segmentations_apart(tmp_path):
    for seed, (name, mask_name) in enumerate([("Case_1", "Case_1.npz"), ("Case_10", "Case_10_seg.npz")]):
        ct, mask = sick_chest(seed)
        # File names run against the position, as in the collection that the layout comes from.
        write_ct_series(tmp_path / "Images" / name, ct, name=lambda k: f"1-{99 - k:03d}.dcm")
        (tmp_path / "Segmentations").mkdir(exist_ok=True)
        np.savez(tmp_path / "Segmentations" / mask_name, Masks=mask.array[::-1])
    cases = find_cases(tmp_path)
    assert [case.name for case in cases] == ["Case_1", "Case_10"]
    for seed, case in enumerate(cases):
        ct, mask = sick_chest(seed)
        images = read_case(case)
        assert np.array_equal(images.ct.array, ct.array)
        assert np.array_equal(images.mask.array, mask.array)
    (tmp_path / "Segmentations" / "Case_1.npz").unlink()
    with pytest.raises(InputError, match="there is no mask of Case_1"):
        find_cases(tmp_path)
    np.savez(tmp_path / "Segmentations" / "Case_7.npz", Masks=mask.array)
    with pytest.raises(InputError, match="belongs to no folder in Images"):
        find_cases(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_case_whose_name_is_not_utf8_is_refused(tmp_path):
    write_case(tmp_path / "data" / "case").rename(tmp_path / "data" / os.fsdecode(b"case_\xe9"))
    with pytest.raises(InputError, match="which is not UTF-8"):
        find_cases(tmp_path / "data")


def test_folders_may_be_links(tmp_path, dicom_case):
    slices, ct, _ = dicom_case
    (tmp_path / "linked" / "case").mkdir(parents=True)
    (tmp_path / "linked" / "case" / "dicom").symlink_to(slices[0].parent)
    (tmp_path / "linked" / "case" / "round").symlink_to(tmp_path / "linked")
    (case,) = find_cases(tmp_path / "linked")
    assert np.array_equal(read_case(case).ct.array, ct.array)
    assert len(list(case.sources())) == len(slices)


# ---- none of them


def test_one_case_is_not_a_data_set(tmp_path, dicom_case):
    slices, *_ = dicom_case
    with pytest.raises(InputError, match="this is one case, not a data set of cases; give the folder above it"):
        find_cases(slices[0].parent)
    with pytest.raises(InputError, match="give the folder above it"):
        find_cases(write_case(tmp_path / "one"))


def test_no_layout_says_what_was_expected_and_found(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(
        InputError, match=r"expected dataset\.json .* Images/CASE.* CASE/ folders.* found notes\.txt, scans"
    ):
        find_cases(tmp_path)
