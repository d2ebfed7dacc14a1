"""The phantoms' data set is in the Decathlon's layout, and no other data set is overwritten."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.phantom.dataset import write_dataset
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.volume import read_ct, read_mask

SMALL = {"size": (32, 32, 20), "spacing": (11.0, 11.0, 15.0)}


def test_training_finds_the_cases(tmp_path):
    write_dataset(tmp_path / "data", 2, seed=5, **SMALL)
    cases = find_cases(tmp_path / "data")
    assert [case.name for case in cases] == ["phantom_0005", "phantom_0006"]
    for seed, case in enumerate(cases, start=5):
        made = make_phantom(seed, **SMALL)
        ct, mask = read_ct(case.ct), read_mask(case.mask)
        assert np.array_equal(ct.array, made.ct.array)
        assert np.array_equal(mask.array, made.mask.array)
        assert ct.grid.same_as(made.ct.grid)
        assert mask.grid.same_as(ct.grid)
    listing = json.loads((tmp_path / "data/dataset.json").read_text())
    assert listing["labels"] == {"0": "background", "1": "lung tumor"}
    assert listing["numTraining"] == 2


def test_earlier_phantoms_are_replaced_and_other_data_sets_are_not(tmp_path):
    write_dataset(tmp_path, 2, **SMALL)
    write_dataset(tmp_path, 1, **SMALL)
    assert len(find_cases(tmp_path)) == 1
    for text in ('{"name": "Task06_Lung", "training": []}', "no JSON", "[]"):
        (tmp_path / "dataset.json").write_text(text)
        with pytest.raises(InputError, match="holds another data set"):
            write_dataset(tmp_path, 1, **SMALL)
        assert (tmp_path / "dataset.json").read_text() == text


def test_an_interrupted_run_leaves_no_data_set(tmp_path):
    def cancel(stage, fraction):
        if fraction > 0.6:
            raise CancelledError

    with pytest.raises(CancelledError):
        write_dataset(tmp_path, 2, progress=cancel, **SMALL)
    assert not (tmp_path / "dataset.json").exists()


@pytest.mark.parametrize(("cases", "seed"), [(0, 0), (-1, 0), (1, -1)])
def test_numbers_that_make_no_sense(tmp_path, cases, seed):
    with pytest.raises(InputError):
        write_dataset(tmp_path, cases, seed, **SMALL)
