"""Labels that are lesions, and labels that are organs: what is said of each, alone and against a reference."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements import format_report, measure
from LungTumorSegLib.measurements.segments import with_labels_of
from LungTumorSegLib.measurements.table import report_text
from LungTumorSegLib.volume import Grid, Volume

GRID = Grid((30, 24, 16), (1.0, 1.0, 2.0))
PANCREAS, CANCER = 1, 2
ABDOMEN = {"names": {PANCREAS: "Pancreas", CANCER: "Pancreatic cancer"}, "lesions": (CANCER,)}
LUNGS = {"names": {1: "Lungs"}, "lesions": ()}


def volume(*boxes: tuple) -> Volume:
    """A mask of boxes (label, z, y, x), painted one after the other."""
    labels = np.zeros(GRID.shape, np.uint8)
    for label, *box in boxes:
        labels[tuple(box)] = label
    return Volume(labels, GRID)


ORGAN = (PANCREAS, slice(2, 12), slice(2, 20), slice(2, 26))
TUMOUR = (CANCER, slice(4, 8), slice(4, 10), slice(4, 10))
NODE = (CANCER, slice(9, 11), slice(14, 17), slice(20, 23))


def test_only_lesion_labels_are_measured_as_lesions():
    report = measure(volume(ORGAN, TUMOUR, NODE), **ABDOMEN)
    assert [(lesion["label"], lesion["voxels"]) for lesion in report["lesions"]] == [(CANCER, 144), (CANCER, 18)]
    assert report["total"]["volume_ml"] == pytest.approx(0.324)
    organ, cancer = report["segments"]
    assert (organ["name"], organ["lesion"], cancer["name"], cancer["lesion"]) == (
        "Pancreas", False, "Pancreatic cancer", True,
    )  # fmt: skip
    assert organ["volume_ml"] == pytest.approx((10 * 18 * 24 - 162) * 0.002)
    assert cancer["volume_ml"] == pytest.approx(0.324)


def test_touching_lesions_of_two_labels_are_two():
    mask = volume((1, slice(2, 4), slice(2, 4), slice(2, 4)), (2, slice(2, 4), slice(2, 4), slice(4, 8)))
    apart = measure(mask, names={1: "Primary", 2: "Lymph node"}, lesions=(1, 2))
    assert [(lesion["label"], lesion["voxels"]) for lesion in apart["lesions"]] == [(2, 16), (1, 8)]
    assert measure(mask)["total"]["count"] == 1, "nobody said what the labels are"


def test_the_comparison_is_of_the_lesions_and_each_label_has_its_dice():
    found, reference = volume(ORGAN, TUMOUR), volume(ORGAN, TUMOUR, NODE)
    report = measure(found, reference=reference, **ABDOMEN)
    compared = report["reference"]
    assert compared["volume_ml"] == pytest.approx(0.324)
    assert compared["dice"] == pytest.approx(2 * 144 / (144 + 162))
    assert [lesion["found"] for lesion in compared["lesions"]] == [True, False]
    organ, cancer = report["segments"]
    size = 10 * 18 * 24
    assert organ["dice"] == pytest.approx(2 * (size - 162) / (size - 144 + size - 162))
    assert cancer["dice"] == pytest.approx(compared["dice"])
    assert cancer["reference_volume_ml"] == pytest.approx(0.324)


def test_organs_are_compared_as_wholes_and_nothing_of_them_is_counted():
    left, right = (1, slice(2, 14), slice(4, 20), slice(2, 12)), (1, slice(2, 14), slice(4, 20), slice(16, 28))
    report = measure(volume(left, right), reference=volume(left), **LUNGS)
    assert report["lesions"] == []
    assert report["total"]["count"] == 0
    compared = report["reference"]
    assert compared["dice"] == pytest.approx(report["segments"][0]["dice"])
    assert compared["dice"] == pytest.approx(2 * 10 / (22 + 10))
    assert compared["relative_volume_error"] == pytest.approx(1.2)
    assert compared["hd95_mm"] > 10
    assert (compared["lesions"], compared["false_positives"], compared["recist_relative_error"]) == ([], 0, None)
    json.dumps(report, allow_nan=False)


def test_ignored_voxels_count_for_no_labels_dice():
    ignored = volume((1, slice(0, 16), slice(0, 24), slice(0, 15)))
    report = measure(volume(ORGAN), reference=volume(ORGAN, TUMOUR), ignore=ignored, **ABDOMEN)
    organ, cancer = report["segments"]
    assert organ["dice"] == 1.0
    assert cancer["dice"] is None, "neither holds any outside of what is ignored"


@pytest.mark.parametrize("labels", [ABDOMEN, LUNGS])
def test_words_suit_what_is_found(labels):
    mask = volume(ORGAN)
    text = format_report(measure(mask, reference=mask, **labels))
    if labels is LUNGS:
        assert "lesion" not in text
        assert "umour" not in text
        assert "RECIST" not in text
        assert "Lungs" in text
        assert "8.64" in text
    else:
        assert "Pancreatic cancer: none found." in text
        assert "Against the reference (Pancreatic cancer)" in text
    both = format_report(measure(volume(ORGAN, TUMOUR), **ABDOMEN))
    assert "Pancreas " in both
    assert "In total: 1 lesion, 0.29 mL" in both


def test_tables_say_the_volume_of_organs_and_no_axes_of_them():
    text = report_text(measure(volume(ORGAN), reference=volume(ORGAN), **LUNGS))
    assert "Volume of Lungs\t8.64\tmL" in text
    assert "Dice\t1\t" in text
    assert "Longest axis" not in text
    assert "Lesions" not in text
    text = report_text(measure(volume(ORGAN, TUMOUR), **ABDOMEN))
    assert "Longest axis" in text
    assert "Volume of Pancreas\t8.352\tmL" in text


def test_a_reference_has_the_models_labels_or_is_refused():
    assert set(np.unique(with_labels_of(volume((255, *ORGAN[1:])), (1,), "r.nrrd").array)) == {0, 1}
    assert with_labels_of(volume(ORGAN, TUMOUR), (1, 2), "r.nrrd").array.max() == CANCER
    with pytest.raises(InputError, match=r"r.nrrd: holds the label 7, and the model's are 1, 2"):
        with_labels_of(volume((7, *ORGAN[1:])), (1, 2), "r.nrrd")
