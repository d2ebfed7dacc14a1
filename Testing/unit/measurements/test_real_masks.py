"""Real reference masks, whose sizes are known."""

from __future__ import annotations

import pytest

from LungTumorSegLib.measurements import measure
from LungTumorSegLib.volume import read_mask

pytestmark = pytest.mark.realdata

VOLUMES_ML = {
    "train/lidc-0003": [5.7, 1.3, 0.5],
    "train/lidc-0006": [0.19, 0.04],
    "test/lidc-0013": [1.9, 0.45, 0.05],
    "test/lung1-001": [155.8],
}


@pytest.mark.parametrize("case", VOLUMES_ML)
def test_volumes_and_diameters(real_data, case):
    mask = read_mask(real_data / case / "tumor.nii.gz")
    report = measure(mask, reference=mask)
    assert [lesion["volume_ml"] for lesion in report["lesions"]] == pytest.approx(VOLUMES_ML[case], rel=0.1)
    for lesion in report["lesions"]:
        assert lesion["short_axis_mm"] <= lesion["long_axis_mm"] <= lesion["diameter_3d_mm"]
        # Both axes' ends lie in the axial slice, and within a voxel of the tumour.
        for name in ("long_axis", "short_axis"):
            for end in mask.grid.to_index(lesion[f"{name}_points_lps_mm"]):
                assert end[2] == pytest.approx(lesion["slice_index"], abs=1e-6)
                i, j, k = (round(c) for c in end)
                assert mask.array[k, j - 1 : j + 2, i - 1 : i + 2].any()
    assert report["reference"]["dice"] == 1.0
    assert report["reference"]["hd95_mm"] == 0.0


def test_ignored_voxels_of_a_real_case(real_data):
    folder = real_data / "test" / "lidc-0314"
    tumor, ignore = (read_mask(folder / f"{name}.nii.gz") for name in ("tumor", "ignore"))
    both = tumor.with_array(((tumor.array != 0) | (ignore.array != 0)).astype("uint8"))
    plain = measure(both, reference=tumor)["reference"]
    fair = measure(both, reference=tumor, ignore=ignore)["reference"]
    assert plain["dice"] < 0.1
    assert fair["dice"] == 1.0
    assert fair["false_positives"] == 0
