"""Every real scan is read, and its masks lie on it."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.volume import read_ct, read_mask, same_grid_or_raise, write_mask

pytestmark = pytest.mark.realdata

MASKS = ("tumor", "lungs", "ignore", "any_reader")


def test_every_scan_and_mask_is_read(real_data):
    cases = [path for path in sorted(real_data.glob("*/*/")) if path.name != "nodules"]
    assert len(cases) >= 15
    for case in cases:
        ct = read_ct(case / "ct.nii.gz" if (case / "ct.nii.gz").exists() else case / "dicom")
        assert ct.array.dtype == np.int16
        assert ct.array.min() <= -1000
        for name in MASKS:
            path = case / f"{name}.nii.gz"
            if path.exists():
                mask = read_mask(path)
                same_grid_or_raise(mask, ct, path)
                assert set(np.unique(mask.array)) == {0, 1}


def test_a_real_hospital_folder(real_data):
    """CT, RTSTRUCT, RTPLAN and RTDOSE in one folder; the mask was made from the RTSTRUCT by other means."""
    folder = real_data / "test" / "lung1-001"
    ct = read_ct(folder / "dicom")
    assert ct.grid.size == (512, 512, 134)
    assert ct.grid.spacing == pytest.approx((0.9765625, 0.9765625, 3.0))
    tumour, lungs = read_mask(folder / "tumor.nii.gz"), read_mask(folder / "lungs.nii.gz")
    same_grid_or_raise(tumour, ct, folder)
    # The right way up and round: lungs are air, the mass mostly is not, and outside the body there is air.
    assert ct.array[lungs.array > 0].mean() < -600
    assert ct.array[tumour.array > 0].mean() > -300
    assert np.array_equal(read_ct(folder / "dicom" / "50.dcm").array, ct.array)


def test_a_real_mask_survives_every_format(real_data, tmp_path):
    mask = read_mask(real_data / "test" / "lidc-0013" / "tumor.nii.gz")
    for suffix in (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha"):
        write_mask(tmp_path / f"m{suffix}", mask)
        again = read_mask(tmp_path / f"m{suffix}")
        assert np.array_equal(again.array, mask.array)
        same_grid_or_raise(again, mask, suffix)
