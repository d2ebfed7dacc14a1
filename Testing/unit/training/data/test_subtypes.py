"""The table of subtypes: what is read, what is refused, and what becomes of it in split and cache."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Classification
from LungTumorSegLib.training.data.cache import read_index
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.data.layouts import cases_for
from LungTumorSegLib.training.data.opening import open_data
from LungTumorSegLib.training.data.preparing import prepare_cache
from LungTumorSegLib.training.data.split import split_cases
from LungTumorSegLib.training.data.subtypes import balanced, with_subtypes
from support.subtyped_abdomens import write_subtyped_abdomens

CLASSES = Classification(names={0: "A", 1: "B", 2: "C"})
NAMES = ("one", "two", "three")


def cases(*names: str) -> list[CaseFiles]:
    return [CaseFiles(name, Path(f"{name}.nii.gz")) for name in names or NAMES]


def told(folder: Path, **options) -> dict[str, int | None]:
    return {case.name: case.subtype for case in with_subtypes(cases(), folder, CLASSES, **options)}


@pytest.mark.parametrize(
    "table",
    [
        '{"one": 0, "two": 1, "three": 2}',
        '{"one": "0", "two": {"subtype": 1}, "three": {"subtype": 2, "split": "validation"}}',
        '{"mapping": {"one": {"subtype": 0, "split": "train"}, "two": 1, "three": 2}, "validation_cases": []}',
        '{"one": 0, "two": 1, "three": 2, "unseen": {"subtype": 1, "split": "test"}}',
    ],
)
def test_every_form_of_the_table_in_json(tmp_path, table):
    (tmp_path / "subtype_mapping.json").write_text(table)
    assert told(tmp_path) == {"one": 0, "two": 1, "three": 2}


def test_table_in_csv_and_the_split_it_names(tmp_path):
    (tmp_path / "subtype_mapping.csv").write_text("case,subtype,split\none,0,train\ntwo, 1 ,\nthree,2,validation\n")
    assert told(tmp_path) == {"one": 0, "two": 1, "three": 2}
    assert [case.held_out for case in with_subtypes(cases(), tmp_path, CLASSES)] == [False, False, True]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('{"one": 0, "two": 1}', r"names no class for 1 case \(three\)"),
        ('{"one": 0, "two": 1, "three": 2, "four": 0}', r"names 1 case \(four\) that is not in the data set.*3 cases"),
        ('{"one": 0, "two": 1, "three": 3}', "class of case three is 3: the recipe knows 0 to 2"),
        ('{"one": 0, "two": 1, "three": 2, "two": 2}', "case two stands twice"),
        ('{"one": 0, "two": 1, "three": "ductal"}', "class of case three is 'ductal': expected a whole number"),
        ('{"one": 0, "two": true, "three": 1}', "class of case two is True"),
        ('{"one": 0, "two": {"class": 1}, "three": 1}', r'expected \{"CASE": 0, …\}, found none of the key .subtype'),
        ('{"one": 0, "two": {"subtype": 1, "split": "later"}, "three": 1}', "split of case two is 'later': expected"),
        ("[0, 1, 2]", 'expected {"CASE": 0, …}, found a JSON list'),
        ("{", 'expected {"CASE": 0, …}, found Expecting'),
    ],
)
def test_table_that_is_wrong_is_answered_by_its_path_and_what_is_wrong(tmp_path, table, complaint):
    (tmp_path / "subtype_mapping.json").write_text(table)
    with pytest.raises(
        InputError, match=complaint.replace("{", r"\{").replace("}", r"\}").replace(r"\\", "\\")
    ) as info:
        told(tmp_path)
    assert info.value.where == str(tmp_path / "subtype_mapping.json")
    assert "\n" not in str(info.value)


def test_table_in_csv_without_its_columns_is_refused(tmp_path):
    (tmp_path / "subtype_mapping.csv").write_text("name,class\none,0\n")
    with pytest.raises(InputError, match="expected the columns case and subtype, found none of the key 'case'"):
        told(tmp_path)


@pytest.mark.parametrize("row", ["one", "one,0,9"])
def test_row_of_a_table_in_csv_with_other_columns_is_refused(tmp_path, row):
    (tmp_path / "subtype_mapping.csv").write_text(f"case,subtype\n{row}\n")
    with pytest.raises(InputError, match="found in row 1 another number of columns than headings"):
        told(tmp_path)


def test_missing_table_and_two_of_them_are_refused(tmp_path):
    (tmp_path / "imagesTr").mkdir()
    with pytest.raises(InputError, match=r"expected subtype_mapping.json or subtype_mapping.csv, found imagesTr"):
        told(tmp_path)
    for name in ("subtype_mapping.json", "subtype_mapping.csv"):
        (tmp_path / name).write_text("")
    with pytest.raises(InputError, match="two tables"):
        told(tmp_path)


def test_cases_without_a_class_may_be_passed_over_and_are_named(tmp_path, caplog):
    (tmp_path / "subtype_mapping.json").write_text('{"one": 0}')
    with caplog.at_level("WARNING"):
        assert told(tmp_path, allow_missing=True) == {"one": 0, "two": None, "three": None}
    assert "no class for 2 cases (three, two)" in caplog.text


def many(*counts: int) -> list[CaseFiles]:
    """Cases with so many of each class, each with a mask that marks something as far as a cache would know."""
    return [
        CaseFiles(f"{subtype}_{number:03}", Path("a.h5"), Path("a.h5"), subtype=subtype)
        for subtype, count in enumerate(counts)
        for number in range(count)
    ]


def drawn(files: list[CaseFiles], **options) -> list[Counter]:
    split = split_cases(files, "nowhere", **options)
    assert not {case.name for case in split.training} & {case.name for case in split.validation}
    return [Counter(case.subtype for case in part) for part in (split.training, split.validation)]


def test_validation_is_drawn_from_each_class_in_proportion():
    # The 288 cases of the work, and its own numbers of them for training and validation.
    training, validation = drawn(many(71, 121, 96), share=0.125)
    assert (training, validation) == ({0: 62, 1: 106, 2: 84}, {0: 9, 1: 15, 2: 12})


def test_folds_hold_each_class_alike_and_every_case_once():
    files = many(7, 12, 9)
    parts = [drawn(files, share=0.2, fold=(k, 4))[1] for k in range(1, 5)]
    assert sum(parts, Counter()) == {0: 7, 1: 12, 2: 9}
    for subtype in range(3):
        counts = [part[subtype] for part in parts]
        assert max(counts) - min(counts) <= 1


def test_last_case_of_a_class_is_trained_on():
    training, validation = drawn(many(1, 1, 8), share=0.5)
    assert (training, validation) == ({0: 1, 1: 1, 2: 4}, {2: 4})


def test_cases_that_the_data_set_names_for_validation_are_validated():
    files = many(3, 3)
    files[1] = CaseFiles("own", Path("a.h5"), Path("a.h5"), subtype=0, held_out=True)
    split = split_cases(files, "nowhere", share=0.5)
    assert [case.name for case in split.validation] == ["own"]
    assert split.why == "validated on 1 of 6 cases, 1 of class 0 (as the data set says): own"
    assert not split_cases(files, "nowhere", share=0).validation
    assert [case.name for case in split_cases(files, "nowhere", share=0.5, validate=["1_000"]).validation] == ["1_000"]


def test_cases_for_testing_are_neither_trained_on_nor_validated(tmp_path):
    table = {"one": {"subtype": 0, "split": "test"}, "two": 1, "three": 2}
    (tmp_path / "subtype_mapping.json").write_text(json.dumps(table))
    files = with_subtypes(cases(), tmp_path, CLASSES)
    split = split_cases(files, tmp_path, share=0)
    assert {case.name for case in split.training} == {"two", "three"}
    assert "one" in split.patients_held_out
    assert split.why.endswith("1 case for testing left out (as the data set says)")
    assert [case.name for case in split_cases(files, tmp_path, share=0, validate=["one"]).validation] == ["one"]


def small_recipe():
    settings = ("preparation.spacing_mm=[2, 2, 4]", "preparation.windows_hu=[[-100, 300]]", "inference.expected=null")
    return override(load_recipe("pancreas-multitask"), [*settings, "preparation.normalization=null"])


def test_subtypes_survive_in_the_cache_and_follow_a_corrected_table(tmp_path):
    data, cache, recipe = tmp_path / "data", tmp_path / "cache", small_recipe()
    write_subtyped_abdomens(data, 3)
    prepare_cache(cases_for(recipe, data), recipe, cache, with_scans=True)
    assert [case.subtype for case in cases_for(recipe, cache)] == [0, 1, 2]
    opened = open_data(cache, recipe)
    assert [case.subtype for case in opened.cases] == [0, 1, 2]
    assert opened.recipe.training.classification.class_weights == (1.0, 1.0, 1.0)
    table = json.loads((data / "subtype_mapping.json").read_text())
    table["mapping"]["pancreas_000"] = {"subtype": 2, "split": "validation"}
    table["mapping"]["pancreas_001"] = {"subtype": 1, "split": "test"}
    (data / "subtype_mapping.json").write_text(json.dumps(table))
    assert prepare_cache(cases_for(recipe, data), recipe, cache, with_scans=True).done == []  # no array changes by it
    assert read_index(cache).subtypes == {"pancreas_000": 2, "pancreas_001": 1, "pancreas_002": 2}
    assert [case.held_out for case in cases_for(recipe, cache)] == [True, False, False]
    assert [case.for_testing for case in cases_for(recipe, cache)] == [False, True, False]


def test_cache_without_subtypes_or_with_other_ones_is_refused(tmp_path):
    data, cache, recipe = tmp_path / "data", tmp_path / "cache", small_recipe()
    write_subtyped_abdomens(data, 3)
    prepare_cache(cases_for(recipe, data), recipe, cache)
    fewer = override(recipe, ["classification.names={0: A, 1: B}"])
    with pytest.raises(InputError, match="the cache holds cases of class 2: the recipe knows 0 to 1"):
        cases_for(fewer, cache)
    without = override(recipe, ["classification=null"])
    prepare_cache(cases_for(without, data), without, cache)
    with pytest.raises(InputError, match="the cache holds no subtypes"):
        cases_for(recipe, cache)


def test_classes_are_weighed_by_their_rarity(caplog):
    recipe = small_recipe()
    weights = balanced(recipe, [0, 1, 1, 2, 2, 2, None]).training.classification.class_weights
    assert weights == pytest.approx((2.0, 1.0, 2 / 3), abs=1e-6)
    assert sum(w * n for w, n in zip(weights, (1, 2, 3), strict=True)) == pytest.approx(6)
    assert balanced(recipe, [0, 2]).training.classification.class_weights == (1, 0, 1)
    assert "no case to train on is of class Subtype 1" in caplog.text
    given = override(recipe, ["training.classification.class_weights=[1, 2, 3]"])
    assert balanced(given, [0]) == given
