"""Annotations of real scans: contours to voxels, masks without geometry, and a data set in DICOM."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.recipe.schema import Annotation
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.reading import read_case
from LungTumorSegLib.volume import read_ct, read_mask
from LungTumorSegLib.volume.npz import FLIPS, read_npz_mask
from support.dicom_annotations import write_seg

pytestmark = pytest.mark.realdata


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.fixture(scope="module")
def lung1(real_data):
    return real_data / "test" / "lung1-001"


@pytest.fixture
def only_dicom(lung1, tmp_path):
    """A data set with one case as a hospital sends it: CT, RTSTRUCT, RTPLAN and RTDOSE in one folder."""
    (tmp_path / "lung1-001").mkdir()
    (tmp_path / "lung1-001" / "dicom").symlink_to(lung1 / "dicom")
    return tmp_path


@pytest.mark.parametrize(("rois", "mask"), [(None, "tumor"), ("^lung [lr]$", "lungs")])
def test_contours_give_the_masks_that_were_made_of_them_elsewhere(lung1, only_dicom, rois, mask):
    (case,) = find_cases(only_dicom, Annotation(rois={1: rois}) if rois else None)
    images = read_case(case)
    reference = read_mask(lung1 / f"{mask}.nii.gz")
    assert images.ct.grid.same_as(reference.grid)
    assert dice(images.mask.array > 0, reference.array > 0) > 0.999


@pytest.mark.filterwarnings("ignore:The string:UserWarning")  # highdicom about the patient's name
def test_segmentation_of_real_slices(lung1, only_dicom):
    ct = read_ct(lung1 / "dicom")
    tumor = read_mask(lung1 / "tumor.nii.gz").array > 0
    slices = [path for path in (lung1 / "dicom").iterdir() if path.name not in ("1.dcm", "2.dcm", "137.dcm")]
    positions = {path: _position(path) for path in slices}
    write_seg(only_dicom / "lung1-001" / "seg.dcm", sorted(slices, key=positions.get), {"Neoplasm, Primary": tumor})
    (case,) = find_cases(only_dicom)
    images = read_case(case)
    assert images.ct.grid.same_as(ct.grid)
    assert np.array_equal(images.mask.array > 0, tumor)


def _position(path) -> float:
    from pydicom import dcmread

    return float(dcmread(path, stop_before_pixels=True).ImagePositionPatient[2])


@pytest.mark.parametrize("case", ["lctsc-104/lungs", "lctsc-201/tumor", "lidc-0001/tumor", "lidc-0006/tumor"])
def test_the_ct_tells_which_way_up_a_mask_lies(real_data, tmp_path, case):
    folder, mask = case.split("/")
    ct = read_ct(real_data / "train" / folder / "ct.nii.gz")
    labels = read_mask(real_data / "train" / folder / f"{mask}.nii.gz").array
    for flip in FLIPS.values():
        np.savez(tmp_path / "case.npz", Masks=np.flip(labels, flip))
        assert np.array_equal(read_npz_mask(tmp_path / "case.npz", ct).array, labels)
