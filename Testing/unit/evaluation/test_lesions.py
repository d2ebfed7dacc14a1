"""Lesion by lesion: the matching rule, on masks worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.evaluation import find_false_positives, score_lesions
from LungTumorSegLib.evaluation.location import Location
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.volume import Grid, Volume

GRID = Grid((40, 20, 10), (1.0, 1.0, 2.0))


def boxes(*parts) -> Volume:
    """Boxes are ((z0, z1), (y0, y1), (x0, x1))."""
    array = np.zeros(GRID.shape, np.uint8)
    for part in parts:
        array[tuple(slice(*side) for side in part)] = 1
    return Volume(array, GRID)


LARGE, SMALL = ((1, 9), (2, 12), (2, 12)), ((4, 6), (4, 8), (30, 34))


def test_found_missed_and_false():
    half = ((1, 9), (2, 12), (2, 7))
    false = ((0, 2), (16, 19), (20, 24))
    report = measure(boxes(half, false), reference=boxes(LARGE, SMALL))
    large, small = score_lesions("a", report)
    assert (large.number, large.found, large.found_iou) == (1, True, True)
    assert large.dice == pytest.approx(2 / 3)
    assert large.iou == pytest.approx(0.5)
    assert large.volume_ml == pytest.approx(1.6)
    assert (small.number, small.found, small.found_iou, small.dice) == (2, False, False, 0.0)
    (extra,) = find_false_positives("a", report)
    assert extra.volume_ml == pytest.approx(2 * 3 * 4 * 2 / 1000)


def test_a_mere_touch_finds_a_lesion_but_not_by_iou():
    corner = ((8, 10), (11, 14), (11, 14))
    (large,) = score_lesions("a", measure(boxes(corner), reference=boxes(LARGE)))
    assert large.found
    assert not large.found_iou
    assert large.iou == pytest.approx(1 / (800 + 18 - 1))


def test_what_is_more_than_half_ignored_is_not_false():
    false, ignored = ((0, 2), (16, 19), (20, 24)), ((0, 2), (16, 19), (20, 23))
    report = measure(boxes(LARGE, false), reference=boxes(LARGE), ignore=boxes(ignored))
    assert find_false_positives("a", report) == []


def test_places_are_asked_for_by_the_centre_of_each():
    asked = []

    def locate(point, long_axis_mm) -> Location:
        asked.append((*point, long_axis_mm))
        return Location("left", "upper", "central", "apart")

    false = ((0, 2), (16, 19), (20, 24))
    report = measure(boxes(false), reference=boxes(SMALL))
    (lesion,) = score_lesions("a", report, locate)
    (extra,) = find_false_positives("a", report, locate)
    axes = [found["long_axis_mm"] for found in (report["reference"]["lesions"][0], report["lesions"][0])]
    assert asked == [pytest.approx((31.5, 5.5, 9.0, axes[0])), pytest.approx((21.5, 17.0, 1.0, axes[1]))]
    assert (lesion.side, extra.third) == ("left", "upper")
