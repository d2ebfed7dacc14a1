"""Lesions of one voxel or one slice, at the border, touching by a corner; labels, HU, confidence, and wrong input."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.measurements import format_report, measure
from LungTumorSegLib.volume import Grid, Volume

GRID = Grid((10, 9, 8), (0.7, 0.8, 2.5), (-100.0, 50.0, -300.0))


def mask(*boxes, dtype=np.uint8) -> Volume:
    """Boxes are (label, z, y, x), each an index or slice."""
    array = np.zeros(GRID.shape, dtype)
    for label, *box in boxes:
        array[tuple(box)] = label
    return Volume(array, GRID)


def test_empty():
    report = measure(mask())
    assert report["lesions"] == []
    assert report["total"] == {
        "count": 0,
        "ignored_count": 0,
        "volume_ml": 0.0,
        "sum_of_long_axes_mm": 0.0,
        "long_axis_mm": 0.0,
        "diameter_3d_mm": 0.0,
    }
    assert "No tumour found" in format_report(report)


def test_a_single_voxel_has_the_size_of_half_a_voxel():
    (lesion,) = measure(mask((1, 3, 4, 5)))["lesions"]
    assert lesion["volume_ml"] == pytest.approx(0.7 * 0.8 * 2.5 / 1000)
    assert lesion["long_axis_mm"] == pytest.approx(0.8 / 2)
    assert lesion["short_axis_mm"] == pytest.approx(0.7 / 2)
    assert lesion["diameter_3d_mm"] == pytest.approx(2.5 / 2)
    assert (lesion["slice_axis"], lesion["slice_index"]) == ("k", 3)
    np.testing.assert_allclose(lesion["centroid_lps_mm"], GRID.to_physical((5, 4, 3)))


def test_one_slice():
    (lesion,) = measure(mask((1, 2, slice(2, 7), slice(1, 9))))["lesions"]
    # Voxel centres are 7 x 0.7 by 4 x 0.8 mm apart; the outline lies a quarter of a voxel further along one axis.
    corners = max(np.hypot(7.5 * 0.7, 4 * 0.8), np.hypot(7 * 0.7, 4.5 * 0.8), np.hypot(7.25 * 0.7, 4.25 * 0.8))
    assert lesion["long_axis_mm"] == pytest.approx(corners)
    assert lesion["diameter_3d_mm"] >= lesion["long_axis_mm"]
    assert lesion["slice_index"] == 2


def test_a_lesion_that_fills_the_volume():
    (lesion,) = measure(mask((1, slice(None), slice(None), slice(None))))["lesions"]
    assert lesion["voxels"] == 720
    assert lesion["long_axis_mm"] == pytest.approx(np.hypot(9 * 0.7, 8 * 0.8), abs=0.5)


def test_lesions_touching_by_a_corner_are_one():
    assert measure(mask((1, 2, 2, 2), (1, 3, 3, 3)))["total"]["count"] == 1
    assert measure(mask((1, 2, 2, 2), (1, 4, 2, 2)))["total"]["count"] == 2


def test_lesions_are_sorted_by_volume_and_summed():
    report = measure(mask((1, 0, 0, slice(0, 2)), (1, slice(3, 6), slice(3, 6), slice(3, 6)), (1, 7, 8, 9)))
    assert [lesion["voxels"] for lesion in report["lesions"]] == [27, 2, 1]
    total = report["total"]
    assert total["count"] == 3
    assert total["volume_ml"] == pytest.approx(30 * GRID.voxel_ml)
    assert total["sum_of_long_axes_mm"] == pytest.approx(sum(x["long_axis_mm"] for x in report["lesions"]))
    assert total["long_axis_mm"] == report["lesions"][0]["long_axis_mm"]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.float32])
def test_every_label_is_tumour(dtype):
    (lesion,) = measure(mask((1, 2, 2, 2), (2, 2, 2, 3), dtype=dtype))["lesions"]
    assert lesion["voxels"] == 2


def test_a_ring_is_measured_across_its_hole():
    ring = mask((1, 4, slice(1, 8), slice(1, 9)), (0, 4, slice(2, 7), slice(2, 8)))
    full = mask((1, 4, slice(1, 8), slice(1, 9)))
    for key in ("long_axis_mm", "short_axis_mm", "diameter_3d_mm"):
        assert measure(ring)["lesions"][0][key] == pytest.approx(measure(full)["lesions"][0][key])


def test_a_long_axis_joins_points_of_one_section_only():
    # Two columns, joined above: in the slices below they are separate sections of the same lesion.
    columns = mask((1, slice(0, 4), 4, 1), (1, slice(0, 4), 4, 8))
    joined = mask((1, slice(0, 4), 4, 1), (1, slice(0, 4), 4, 8), (1, 4, 4, slice(1, 9)))
    assert all(lesion["long_axis_mm"] < 1 for lesion in measure(columns)["lesions"])
    (lesion,) = measure(joined)["lesions"]
    assert lesion["slice_index"] == 4
    assert lesion["long_axis_mm"] == pytest.approx(7.5 * 0.7)


def test_hu_and_confidence_are_of_the_lesion_alone():
    tumour = mask((1, 2, 2, slice(2, 4)), (1, 6, 6, 6))
    hu = np.full(GRID.shape, -800, np.int16)
    hu[2, 2, 2:4] = (10, 30)
    confidence = np.zeros(GRID.shape, np.float16)
    confidence[2, 2, 2:4] = (0.5, 1.0)
    first, second = measure(tumour, ct=Volume(hu, GRID), confidence=confidence)["lesions"]
    assert (first["mean_hu"], first["sd_hu"], first["confidence"]) == (20.0, 10.0, 0.75)
    assert (second["mean_hu"], second["sd_hu"], second["confidence"]) == (-800.0, 0.0, 0.0)
    assert "mean_hu" not in measure(tumour)["lesions"][0]


def test_the_report_is_plain_json():
    tumour = mask((1, 2, 2, slice(2, 4)))
    ct = Volume(np.zeros(GRID.shape, np.float32), GRID)
    report = measure(tumour, reference=tumour, ignore=mask(), ct=ct, confidence=np.ones(GRID.shape, np.float32))
    assert json.loads(json.dumps(report, allow_nan=False)) == report


@pytest.mark.parametrize("name", ["reference", "ignore", "ct"])
def test_another_grid_is_refused(name):
    shifted = Grid(GRID.size, GRID.spacing, (-100.0, 50.0, -299.0))
    with pytest.raises(InputError, match=r"does not lie on the mask's grid.*origin"):
        measure(mask((1, 2, 2, 2)), **{name: Volume(np.zeros(GRID.shape, np.uint8), shifted)})


def test_measuring_can_be_cancelled():
    def cancel(stage, fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        measure(mask((1, 2, 2, 2)), progress=cancel)


def test_progress_rises_to_one():
    seen = []
    tumour = mask((1, 2, 2, 2), (1, 6, 6, 6))
    measure(tumour, reference=tumour, progress=lambda stage, fraction: seen.append((stage, fraction)))
    assert {stage for stage, _ in seen} == {"measure"}
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_nothing_heavy_is_imported():
    code = "import sys, LungTumorSegLib.measurements, LungTumorSegLib.preview; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"torch", "monai", "scipy", "cc3d", "matplotlib"} & set(loaded)
