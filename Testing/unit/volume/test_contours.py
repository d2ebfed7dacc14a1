"""The even-odd rule, against areas that are known and against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from LungTumorSegLib.volume.contours import fill_even_odd


def square(low: float, high: float) -> np.ndarray:
    return np.array([(low, low), (high, low), (high, high), (low, high)])


def test_square_holds_the_pixels_whose_centres_it_encloses():
    filled = fill_even_odd([square(1.5, 4.5)], (8, 9))
    expected = np.zeros((8, 9), bool)
    expected[2:5, 2:5] = True
    assert np.array_equal(filled, expected)


def test_contour_inside_another_is_a_hole_and_one_inside_that_is_not():
    filled = fill_even_odd([square(0.5, 10.5), square(2.5, 8.5), square(4.5, 6.5)], (12, 12))
    assert filled.sum() == 100 - 36 + 4


def test_keyhole_contour_leaves_its_hole_out():
    outer, inner = square(0.5, 8.5), square(2.5, 6.5)[::-1]
    keyhole = np.vstack([outer, outer[:1], inner, inner[:1]])
    assert fill_even_odd([keyhole], (10, 10)).sum() == 64 - 16


def test_corners_on_pixel_centres_count_once():
    diamond = np.array([(4, 1), (7, 4), (4, 7), (1, 4)])
    filled = fill_even_odd([diamond], (9, 9))
    assert filled[4].sum() == 6
    assert not filled[0].any()
    assert not filled[8].any()


def test_what_reaches_beyond_the_image_is_cut_off():
    assert fill_even_odd([square(-5, 20)], (6, 7)).all()
    assert not fill_even_odd([square(20, 30)], (6, 7)).any()
    assert not fill_even_odd([square(-30, -20)], (6, 7)).any()


@pytest.mark.parametrize("seed", range(8))
def test_equals_an_independent_point_in_polygon_test(seed):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    radius = rng.uniform(4, 14, 40)
    polygon = np.column_stack([16 + radius * np.cos(angle), 15 + radius * np.sin(angle)])
    y, x = np.mgrid[:32, :34]
    inside = Outline(polygon).contains_points(np.column_stack([x.ravel(), y.ravel()])).reshape(32, 34)
    assert np.array_equal(fill_even_odd([polygon], (32, 34)), inside)
