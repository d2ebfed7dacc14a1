"""A mask against a reference: numbers worked out by hand, empty masks, ignored voxels."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.measurements import format_report, measure
from LungTumorSegLib.measurements.comparison import compare as compare_lesions
from LungTumorSegLib.measurements.lesions import find_lesions
from LungTumorSegLib.volume import Grid, Volume

GRID = Grid((30, 20, 12), (1.0, 1.0, 2.0))


def box(*ranges) -> Volume:
    """Boxes are ((z0, z1), (y0, y1), (x0, x1))."""
    array = np.zeros(GRID.shape, np.uint8)
    for part in ranges:
        array[tuple(slice(*side) for side in part)] = 1
    return Volume(array, GRID)


CUBE = ((2, 6), (4, 12), (4, 12))
FAR = ((8, 11), (14, 18), (20, 26))
EMPTY = box()


def compare(mask, reference, ignore=None) -> dict:
    report = measure(mask, reference=reference, ignore=ignore)
    json.dumps(report, allow_nan=False)
    assert format_report(report)
    return report["reference"]


def test_identical_masks():
    result = compare(box(CUBE, FAR), box(CUBE, FAR))
    assert result["dice"] == 1.0
    assert result["relative_volume_error"] == 0.0
    assert result["recist_relative_error"] == 0.0
    assert result["hd95_mm"] == 0.0
    assert result["surface_dice_1mm"] == pytest.approx(1.0)
    assert result["false_positives"] == 0
    assert result["notes"] == []
    assert [lesion["found"] for lesion in result["lesions"]] == [True, True]


def test_a_shift_by_two_millimetres():
    moved = ((2, 6), (4, 12), (6, 14))
    result = compare(box(moved), box(CUBE))
    assert result["dice"] == pytest.approx(6 / 8)
    assert result["relative_volume_error"] == 0.0
    assert result["recist_relative_error"] == pytest.approx(0.0, abs=1e-12)
    assert result["hd95_mm"] == pytest.approx(2.0)
    # The sides along x stay in place, except for the 2 mm by which they stick out.
    assert 0.5 < result["surface_dice_1mm"] < 0.85


def test_a_larger_mask():
    doubled = ((2, 10), (4, 12), (4, 12))
    result = compare(box(doubled), box(CUBE))
    assert result["relative_volume_error"] == pytest.approx(1.0)
    assert result["volume_ml"] == pytest.approx(4 * 8 * 8 * 2 / 1000)
    assert result["dice"] == pytest.approx(2 / 3)
    # Twice as long along z shows in the volume and not in the axial diameter.
    assert result["recist_relative_error"] == pytest.approx(0.0, abs=1e-12)


def test_the_recist_error_is_of_the_largest_diameters_and_capped():
    small, large = ((2, 4), (4, 6), (4, 6)), ((2, 4), (2, 18), (2, 28))
    assert compare(box(large), box(small))["recist_relative_error"] == 1.0
    longer = ((2, 6), (4, 12), (4, 14))
    lengths = [measure(box(b))["total"]["long_axis_mm"] for b in (longer, CUBE)]
    expected = (lengths[0] - lengths[1]) / lengths[1]
    assert compare(box(longer, FAR), box(CUBE, FAR))["recist_relative_error"] == pytest.approx(expected)


def test_detection_by_lesion():
    touched = ((2, 6), (4, 12), (4, 8))
    false = ((0, 1), (0, 2), (28, 30))
    result = compare(box(touched, false), box(CUBE, FAR))
    large, missed = result["lesions"]
    assert large["found"]
    assert large["dice"] == pytest.approx(2 / 3)
    assert not missed["found"]
    assert missed["dice"] == 0.0
    assert result["false_positives"] == 1


def test_one_reference_lesion_found_in_two_pieces():
    pieces = box(((2, 6), (4, 12), (4, 7)), ((2, 6), (4, 12), (9, 12)))
    result = compare(pieces, box(CUBE))
    assert result["lesions"][0]["dice"] == pytest.approx(2 * 6 / (6 + 8))
    assert result["false_positives"] == 0


def test_both_empty_has_no_value_and_says_why():
    result = compare(EMPTY, EMPTY)
    for key in ("dice", "relative_volume_error", "recist_relative_error", "hd95_mm", "surface_dice_1mm"):
        assert result[key] is None
    assert result["false_positives"] == 0
    assert "both empty" in result["notes"][0]


def test_mask_empty():
    result = compare(EMPTY, box(CUBE))
    assert (result["dice"], result["surface_dice_1mm"], result["hd95_mm"]) == (0.0, 0.0, None)
    assert (result["relative_volume_error"], result["recist_relative_error"]) == (1.0, 1.0)
    assert "The mask is empty" in result["notes"][0]


def test_reference_empty():
    result = compare(box(CUBE, FAR), EMPTY)
    assert (result["dice"], result["surface_dice_1mm"], result["hd95_mm"]) == (0.0, 0.0, None)
    assert (result["relative_volume_error"], result["recist_relative_error"]) == (None, None)
    assert result["false_positives"] == 2
    assert "The reference is empty" in result["notes"][0]


def test_ignored_voxels_count_for_nothing():
    # The mask follows the cube and runs on over the ignored half of its surroundings.
    beyond = ((2, 6), (4, 12), (12, 20))
    mask, ignore = box(CUBE, beyond), box(((0, 12), (0, 20), (12, 30)))
    result = compare(mask, box(CUBE), ignore)
    assert result["dice"] == 1.0
    assert result["hd95_mm"] == 0.0
    assert result["relative_volume_error"] == 0.0
    assert result["recist_relative_error"] == pytest.approx(0.0, abs=1e-12)
    # A reference lesion under it is not missed either.
    assert compare(box(CUBE), box(CUBE, FAR), ignore)["dice"] == 1.0
    assert len(compare(box(CUBE), box(CUBE, FAR), ignore)["lesions"]) == 1


def test_a_lesion_mostly_under_ignore_is_no_false_positive():
    mostly, hardly = box(((0, 12), (0, 20), (21, 30))), box(((0, 12), (0, 20), (25, 30)))
    result = measure(box(CUBE, FAR), reference=box(CUBE), ignore=mostly)
    assert [lesion["ignored"] for lesion in result["lesions"]] == [False, True]
    assert result["total"]["count"] == 1
    assert result["total"]["ignored_count"] == 1
    assert result["total"]["volume_ml"] == result["lesions"][0]["volume_ml"]
    assert result["reference"]["false_positives"] == 0
    # Its voxels outside of the ignored ones are still wrong.
    assert 0.9 < result["reference"]["dice"] < 1.0
    result = measure(box(CUBE, FAR), reference=box(CUBE), ignore=hardly)
    assert result["reference"]["false_positives"] == 1
    assert result["total"]["ignored_count"] == 0


def test_all_under_ignore_is_empty_against_empty():
    everything = box(((0, 12), (0, 20), (0, 30)))
    result = compare(box(CUBE), box(FAR), everything)
    assert result["dice"] is None
    assert "outside of the ignored voxels" in result["notes"][0]


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_symmetry_and_range(seed):
    rng = np.random.default_rng(seed)
    one, other = (Volume((rng.random(GRID.shape) > 0.998).astype(np.uint8), GRID) for _ in range(2))
    there, back = compare(one, other), compare(other, one)
    for key in ("dice", "hd95_mm", "surface_dice_1mm"):
        assert there[key] == pytest.approx(back[key])
    both, sizes = (
        np.count_nonzero(one.array & other.array),
        np.count_nonzero(one.array) + np.count_nonzero(other.array),
    )
    assert there["dice"] == pytest.approx(2 * both / sizes)
    assert 0.0 <= there["surface_dice_1mm"] <= 1.0
    found = sum(lesion["found"] for lesion in there["lesions"])
    assert found <= len(there["lesions"])


def test_without_surfaces_the_rest_is_the_same():
    found, reference = (find_lesions(box(*parts)) for parts in ((CUBE, FAR), (CUBE,)))
    whole, quick = compare_lesions(found, reference), compare_lesions(found, reference, surfaces=False)
    assert set(whole) - set(quick) == {"hd95_mm", "surface_dice_1mm"}
    assert {key: whole[key] for key in quick} == quick
