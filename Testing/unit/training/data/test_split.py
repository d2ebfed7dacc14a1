"""Held-out cases: whole patients, a fair share of tumours, always the same; and none of their nodules in training."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.data.patients import same_patient
from LungTumorSegLib.training.data.reading import has_tumor
from LungTumorSegLib.training.data.split import split_cases
from LungTumorSegLib.training.patches.nodules import load_nodules
from LungTumorSegLib.volume import Grid, Volume, write_mask, write_volume

GRID = Grid((4, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def write_case_mask(folder, name: str, tumor: bool) -> CaseFiles:
    array = np.zeros(GRID.shape, np.uint8)
    array[1, 1, 1] = tumor
    write_mask(folder / f"{name}.nii.gz", Volume(array, GRID))
    return CaseFiles(name, folder / f"{name}_ct.nii.gz", folder / f"{name}.nii.gz")


@pytest.fixture
def files(tmp_path):
    """Ten cases with a tumour; six without, three of them with an empty mask and three with none."""
    cases = [write_case_mask(tmp_path, f"sick_{k}", True) for k in range(10)]
    cases += [write_case_mask(tmp_path, f"well_{k}", False) for k in range(3)]
    return cases + [CaseFiles(f"well_{k}", tmp_path / f"well_{k}_ct.nii.gz") for k in range(3, 6)]


def names(cases) -> set[str]:
    return {case.name for case in cases}


def test_the_default_share_is_of_both_kinds_and_always_the_same(files, tmp_path):
    split = split_cases(files, tmp_path, share=0.2, seed=4)
    held = names(split.validation)
    assert sum(name.startswith("sick") for name in held) == 2
    assert sum(name.startswith("well") for name in held) == 1
    assert held.isdisjoint(names(split.training))
    assert held | names(split.training) == names(files)
    assert split_cases(files[::-1], tmp_path, share=0.2, seed=4).patients_held_out == held
    assert any(names(split_cases(files, tmp_path, share=0.2, seed=seed).validation) != held for seed in range(5))
    assert all(name in split.why for name in held)


def test_folds_part_the_cases_and_balance_the_tumours(files, tmp_path):
    folds = [names(split_cases(files, tmp_path, share=0.2, fold=(k, 4)).validation) for k in (1, 2, 3, 4)]
    assert sorted(name for fold in folds for name in fold) == sorted(names(files))
    for fold in folds:
        assert len(fold) == 4
        assert 2 <= sum(name.startswith("sick") for name in fold) <= 3


def test_too_few_tumours_hold_nothing_out_and_say_so(files, tmp_path):
    few = split_cases(files[7:], tmp_path, share=0.2)
    assert not few.validation
    assert names(few.training) == names(files[7:])
    assert few.why.startswith("no validation: 3 annotated patients are too few")
    assert split_cases(files, tmp_path, share=0.0).why == "no validation: training.validation_share is 0"
    assert len(split_cases(files[:4], tmp_path, share=0.01).validation) == 1


def test_an_empty_mask_is_no_tumour(files):
    assert [has_tumor(case) for case in (files[0], files[10], files[15])] == [True, False, False]


def test_the_cases_of_a_patient_stay_together(files, tmp_path):
    with (tmp_path / "patients.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["case", "patient"])
        table.writerows([f"sick_{k}", f"P{k // 2}"] for k in range(10))
    for k in (1, 2, 3):
        split = split_cases(files, tmp_path, share=0.2, fold=(k, 3))
        sick = {int(name[-1]) for name in names(split.validation) if name.startswith("sick")}
        assert sick == {number ^ 1 for number in sick}
    split = split_cases(files, tmp_path, share=0.2, validate=["sick_4"])
    assert names(split.validation) == {"sick_4"}
    assert "sick_5" not in names(split.training)
    assert "1 more of their patients are not trained on" in split.why
    assert {"sick_4", "P2"} <= split.patients_held_out


def test_left_out_cases_are_neither_trained_on_nor_validated(files, tmp_path):
    split = split_cases(files, tmp_path, share=0.5, leave_out=["sick_0", "well_5"])
    assert names(split.training).isdisjoint({"sick_0", "well_5"})
    assert names(split.validation).isdisjoint({"sick_0", "well_5"})
    assert {"sick_0", "well_5"} <= split.patients_held_out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validate": ["nobody"]}, "no case is named nobody"),
        ({"validate": ["sick_1"], "leave_out": ["sick_1"]}, "to be validated and to be left out"),
        ({"fold": (20, 20)}, "fold 20 of 20 holds no patient"),
        ({"leave_out": [f"sick_{k}" for k in range(10)] + [f"well_{k}" for k in range(6)]}, "no case is left"),
    ],
)
def test_a_split_that_cannot_be_made(files, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        split_cases(files, tmp_path, share=0.2, **options)


@pytest.mark.parametrize("text", ["name,patient\na,b\n", "case,patient\na\n", b"\xff\xfe\x00"])
def test_a_table_of_patients_that_cannot_be_read(files, tmp_path, text):
    (tmp_path / "patients.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=r"patients.csv.*'case' and 'patient'"):
        split_cases(files, tmp_path, share=0.2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("lidc-0001", "LIDC-IDRI-0001", True),
        ("LIDC-IDRI-0314", "lidc_314", True),
        ("lidc-0001", "LIDC-IDRI-0011", False),
        ("lung1-001", "LIDC-IDRI-0001", False),
        ("R01-001", "r01-001", True),
        ("--", "LIDC-IDRI-0001", False),
    ],
)
def test_names_of_one_patient(one, other, same):
    assert same_patient(one, other) is same_patient(other, one) is same


@pytest.fixture
def nodule_folder(tmp_path):
    """A nodule each of three patients; its size tells whose it is."""
    folder = tmp_path / "nodules"
    rows = []
    for number, patient in ((3, "LIDC-IDRI-0001"), (4, "LIDC-IDRI-0011"), (5, "LIDC-IDRI-0314")):
        grid = Grid((number,) * 3, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        write_volume(folder / "image" / f"n{number}.nii.gz", Volume(np.zeros(grid.shape, np.int16), grid))
        write_mask(folder / "mask" / f"n{number}.nii.gz", Volume(np.ones(grid.shape, np.uint8), grid))
        rows.append((f"n{number}", patient))
    with (folder / "index.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "patient_id"), *rows])
    return folder


def test_nodules_of_held_out_patients_are_not_loaded(nodule_folder, caplog):
    caplog.set_level("INFO")
    assert [nodule.mask.shape[0] for nodule in load_nodules(nodule_folder)] == [3, 4, 5]
    assert not caplog.messages
    kept = load_nodules(nodule_folder, leave_out_patients=frozenset({"lidc-0001", "lidc-0314"}))
    assert [nodule.mask.shape[0] for nodule in kept] == [4]
    assert caplog.messages == ["2 of 3 nodules are of held-out patients and not used"]


def test_nodules_of_nobody_known_are_refused_where_patients_are_held_out(nodule_folder):
    table = nodule_folder / "index.csv"
    table.write_text("\n".join(line.partition(",")[0] for line in table.read_text().splitlines()) + "\n")
    assert len(load_nodules(nodule_folder)) == 3
    with pytest.raises(InputError, match=r"index.csv.*whose each nodule is.*patient_id"):
        load_nodules(nodule_folder, leave_out_patients={"lidc-0001"})
