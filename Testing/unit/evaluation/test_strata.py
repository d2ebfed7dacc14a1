"""Strata: where each case and lesion belongs, and what is scored there."""

from __future__ import annotations

import pytest

from LungTumorSegLib.evaluation import Bootstrap, strata_table, stratify
from LungTumorSegLib.evaluation.strata import SLICE_SPACING, TUMOR_SIZE, stratum_of
from support.scores import case_score, lesion_score

NO_INTERVALS = Bootstrap(resamples=0)


@pytest.mark.parametrize(
    ("spacing", "name"),
    [
        (0.6, "≤ 1.5 mm"),
        (1.5, "≤ 1.5 mm"),
        (1.52, "1.5–3 mm"),
        (3.0000002, "1.5–3 mm"),
        (3.02, "> 3 mm"),
        (8, "> 3 mm"),
    ],
)
def test_upper_bounds_of_slice_spacing_belong_to_the_class(spacing, name):
    assert stratum_of(SLICE_SPACING, spacing) == name


@pytest.mark.parametrize(
    ("long_axis", "name"),
    [(3, "≤ 10 mm"), (10, "≤ 10 mm"), (10.1, "10–20 mm"), (30, "20–30 mm"), (50, "30–50 mm"), (70.1, "> 70 mm")],
)
def test_sizes_fall_into_the_t_categories(long_axis, name):
    assert stratum_of(TUMOR_SIZE, long_axis) == name


def test_each_lesion_and_each_case_is_counted_once_in_every_quantity():
    cases = [
        case_score("thin", dice=0.7, lesions=2, lesions_found=1, slice_spacing_mm=1.0),
        case_score("thick", dice=0.5, lesions=1, lesions_found=1, slice_spacing_mm=5.0, false_positives=2),
        case_score("well", slice_spacing_mm=5.0),
    ]
    lesions = [
        lesion_score("thin", dice=0.8, long_axis_mm=25, side="left", third="upper", depth="peripheral"),
        lesion_score("thin", number=2, dice=0.0, long_axis_mm=6, side="right", third="lower", depth="peripheral"),
        lesion_score("thick", dice=0.5, long_axis_mm=80, side="right", third="lower", depth="central"),
    ]
    strata = stratify(cases, lesions, NO_INTERVALS)
    for quantity, parts in strata.items():
        assert sum(part["lesions"] for part in parts.values()) == 3, quantity
    spacing = strata["slice_spacing"]
    assert [spacing[name]["cases"] for name in spacing] == [1, 0, 2]
    assert spacing["> 3 mm"]["cases_with_tumor"] == 1
    assert spacing["> 3 mm"]["mean_dice"] == 0.5  # the tumour-free case has no Dice to add
    assert spacing["> 3 mm"]["false_positives_per_scan"] == 1.0
    assert spacing["≤ 1.5 mm"]["sensitivity"] == 0.5
    assert spacing["≤ 1.5 mm"]["mean_lesion_dice"] == pytest.approx(0.4)
    assert spacing["1.5–3 mm"]["mean_dice"] is None
    assert strata["tumor_size"]["≤ 10 mm"]["sensitivity"] == 0.0
    assert strata["side"]["right"] | {"median_lesion_dice": None} == {
        "lesions": 2,
        "lesions_found": 1,
        "sensitivity": 0.5,
        "sensitivity_ci95": None,
        "sensitivity_iou": 0.0,
        "mean_lesion_dice": 0.25,
        "mean_lesion_dice_ci95": None,
        "median_lesion_dice": None,
    }
    assert strata["depth"]["intermediate"]["lesions"] == 0


def test_lesions_without_a_place_are_in_no_location_and_in_every_other_stratum():
    nowhere = lesion_score("a", side=None, third=None, depth=None)
    strata = stratify([case_score("a", dice=0.8, lesions=1, lesions_found=1)], [nowhere], NO_INTERVALS)
    assert sum(part["lesions"] for part in strata["side"].values()) == 0
    assert sum(part["lesions"] for part in strata["tumor_size"].values()) == 1


def test_lesions_of_one_case_are_drawn_together():
    cases = [case_score(name, dice=0.5, lesions=2, lesions_found=2, slice_spacing_mm=1.0) for name in "abc"]
    lesions = [lesion_score(name, dice=dice, number=k) for name in "abc" for k, dice in enumerate((0.2, 0.8))]
    strata = stratify(cases, lesions, Bootstrap(500))
    # Every case has the same lesions, so whatever is drawn, the mean is the same, and no interval is claimed.
    assert strata["tumor_size"]["10–20 mm"]["mean_lesion_dice"] == pytest.approx(0.5)
    assert strata["tumor_size"]["10–20 mm"]["mean_lesion_dice_ci95"] is None


def test_the_table_names_the_strata_that_hold_lesions():
    cases = [case_score("a", dice=0.8, lesions=1, lesions_found=1, slice_spacing_mm=2.0)]
    table = strata_table(stratify(cases, [lesion_score("a")], NO_INTERVALS))
    assert "long axis: 10–20 mm" in table
    assert "≤ 10 mm" not in table
    assert strata_table(stratify([], [], NO_INTERVALS)) == ""
