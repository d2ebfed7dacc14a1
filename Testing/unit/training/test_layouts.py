"""Data sets: what is found, and what must not pass unseen."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.layouts import find_cases
from LungTumorSegLib.volume import Volume, write_mask, write_volume
from support.volumes import ball_mask, chest_volume


@pytest.fixture
def chest_case(tmp_path):
    """A folder with one case: a CT and its tumour as Slicer saves it."""
    folder = tmp_path / "case"
    folder.mkdir()
    ct = chest_volume()
    write_volume(folder / "ct.nii.gz", ct)
    write_mask(folder / "tumor.seg.nrrd", ball_mask(ct.grid), {1: "tumor"})
    return folder


def test_mask_as_slicer_saves_it_is_found(chest_case):
    (case,) = find_cases(chest_case.parent)
    assert case.mask.name == "tumor.seg.nrrd"


def test_mask_in_a_format_that_is_not_read_is_refused_not_overlooked(chest_case):
    (chest_case / "tumor.seg.nrrd").rename(chest_case / "tumor.npz")
    with pytest.raises(InputError, match="not a format"):
        find_cases(chest_case.parent)


def test_decathlon_layout_names_the_missing_file(tmp_path):
    listing = {"training": [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}]}
    (tmp_path / "dataset.json").write_text(json.dumps(listing))
    with pytest.raises(InputError, match=r"imagesTr.a\.nii\.gz"):
        find_cases(tmp_path)


def test_mask_of_255_is_tumour_and_not_ignored(chest_case):
    from LungTumorSegLib.recipe import load_recipe, override
    from LungTumorSegLib.training.cases import IGNORED, load_case

    ct = chest_volume()
    tumor = ball_mask(ct.grid)
    write_mask(chest_case / "tumor.seg.nrrd", Volume((tumor.array * 255).astype(np.uint8), ct.grid))
    recipe = override(load_recipe("lung-tumor"), ["preparation.region=all", "preparation.spacing_mm=[10, 10, 20]"])
    case = load_case(find_cases(chest_case.parent)[0], recipe)
    assert (case.label == 1).sum() == tumor.array.sum()
    assert not (case.label == IGNORED).any()
    assert len(case.lesions) == 1


def test_mask_on_another_grid_is_refused_by_name(chest_case):
    from LungTumorSegLib.recipe import load_recipe, override
    from LungTumorSegLib.training.cases import load_case
    from LungTumorSegLib.volume import Grid

    (chest_case / "tumor.seg.nrrd").unlink()
    write_mask(chest_case / "tumor.nii.gz", ball_mask(Grid((5, 6, 7))))
    recipe = override(load_recipe("lung-tumor"), ["preparation.region=all", "preparation.spacing_mm=[10, 10, 20]"])
    with pytest.raises(InputError, match=r"tumor\.nii\.gz"):
        load_case(find_cases(chest_case.parent)[0], recipe)
