"""The pieces of `make systems`, on its quickest recipe: trained by heart, killed within, and gone on with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from LungTumorSegLib.recipe import available
from support.small_systems import LUNG_TUMOR, SYSTEMS
from support.system_runs import CommandError, SystemRun

sys.path.append(str(Path(__file__).parents[2] / "benchmark"))
from systems import HEAD, row, shortcomings


def learn(folder: Path) -> tuple[Path, dict]:
    return folder, SystemRun(LUNG_TUMOR, folder / "lung-tumor", []).complete()


@pytest.fixture(scope="module")
def completed(learned) -> tuple[Path, dict]:
    return learned


def test_every_packaged_recipe_is_among_the_small_systems():
    assert sorted(SYSTEMS) == available()


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_small_recipe_is_still_that_recipe(name):
    assert SYSTEMS[name].small_recipe().name == name


def test_lung_tumor_gives_its_training_cases_again_after_a_kill(completed):
    _, record = completed
    assert 0 < record["killed_after"] < record["steps"] == LUNG_TUMOR.settings["training.steps"]
    assert [min(case.values()) >= 0.9 for case in record["dice"].values()] == [True, True]
    assert shortcomings(LUNG_TUMOR, record) == []


def test_the_table_has_a_cell_for_each_column(completed):
    folder, record = completed
    cells = row(LUNG_TUMOR, record, folder / "model").split(" | ")
    assert len(cells) == HEAD.splitlines()[0].count("|") - 1
    assert cells[0] == "| lung-tumor"
    assert "Lung tumor 0.9" in cells[6]


def test_what_is_below_the_aim_is_named(completed):
    _, record = completed
    poor = {**record, "dice": {**record["dice"], "phantom_0002": {"Lung tumor": 0.5}}}
    assert shortcomings(LUNG_TUMOR, poor) == ["lung-tumor: Lung tumor of phantom_0002 has a Dice of 0.500, below 0.9"]


def test_what_is_done_is_not_done_again(completed):
    folder, record = completed
    weights = folder / "lung-tumor" / "model" / "model.safetensors"
    written = weights.stat().st_mtime_ns
    again = SystemRun(LUNG_TUMOR, folder / "lung-tumor", [])
    assert again.complete() == record
    assert weights.stat().st_mtime_ns == written


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "lung-tumor").mkdir()
    (tmp_path / "lung-tumor" / "notes.txt").write_text("kept")
    with pytest.raises(CommandError, match="holds something else"):
        SystemRun(LUNG_TUMOR, tmp_path / "lung-tumor", [])
    assert (tmp_path / "lung-tumor" / "notes.txt").read_text() == "kept"
