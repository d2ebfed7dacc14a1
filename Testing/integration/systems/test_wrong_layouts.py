"""A data set in the wrong layout is answered by the path, what was expected there, and what was found.

Each row spoils a sound data set of one layout in one way. `prepare` must end in status 2 and one line.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from LungTumorSegLib.commandline.main import main
from support.abdomens import write_abdomens
from support.data_sets import write_case_folders
from support.lung_data import write_lung_data
from support.subtyped_abdomens import write_subtyped_abdomens
from support.wrong_layouts import LAYOUTS


def write_nnunet(folder: Path) -> None:
    """Two abdomens in nnU-Net's raw layout."""
    cases = write_abdomens(folder)
    for name in cases:
        image = folder / "imagesTr" / f"{name}.nii.gz"
        image.rename(image.with_name(f"{name}_0000.nii.gz"))
    listing = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "pancreas": 1, "cancer": 2},
        "numTraining": len(cases),
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(listing))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[str, Path]:
    """A sound data set of each layout."""
    place = tmp_path_factory.mktemp("sound")
    writers = {
        "nnunet": write_nnunet,
        "subtypes": write_subtyped_abdomens,
        "decathlon": write_abdomens,
        "paired": write_lung_data,
        "folders": write_case_folders,
    }
    for name, write in writers.items():
        write(place / name)
    return {name: place / name for name in writers}


RECIPES = {
    "nnunet": "pancreas-3d",
    "subtypes": "pancreas-multitask",
    "decathlon": "pancreas-3d",
    "paired": "lungs-2d",
    "folders": "lung-tumor",
}


def prepare(data: Path, recipe: str, cache: Path, capsys) -> tuple[int, str]:
    """Return the status and the last line on stderr, which is the only one that is no note."""
    status = main(["prepare", str(data), "--recipe", recipe, "-o", str(cache)])
    captured = capsys.readouterr()
    *notes, last = captured.err.splitlines()
    assert captured.out == ""
    assert not any("error" in note or "Traceback" in note for note in notes)
    return status, last


ROWS = [
    pytest.param(layout, *row, id=f"{layout}: {name}")
    for layout, rows in LAYOUTS.items()
    for name, row in rows.items()
]


@pytest.mark.parametrize(("layout", "spoil", "path", "expected", "found"), ROWS)
def test_answer(layout, spoil, path, expected, found, sound, tmp_path, capsys):
    data = tmp_path / "data"
    shutil.copytree(sound[layout], data)
    spoil(data)
    status, answer = prepare(data, RECIPES[layout], tmp_path / "cache", capsys)
    assert status == 2
    assert answer.startswith(f"lungtumorseg: error: {data / path}: ")
    assert expected in answer
    assert found in answer
    assert "; " in answer  # what to do


@pytest.mark.parametrize(
    ("way", "expected", "found"),
    [
        (lambda data: None, "check the path", "there is no such data folder"),
        (lambda data: data.mkdir(), "expected dataset.json with", "found nothing"),
        (lambda data: data.write_text("text"), "expected the folder of a data set", "is a file"),
        (lambda data: (data / "scans").mkdir(parents=True), "Images/CASE/*.dcm with", "found scans"),
    ],
)
def test_no_data_set_at_all(way, expected, found, tmp_path, capsys):
    data = tmp_path / "data"
    way(data)
    status, answer = prepare(data, "lung-tumor", tmp_path / "cache", capsys)
    assert status == 2
    assert answer.startswith(f"lungtumorseg: error: {data}: ")
    assert expected in answer
    assert found in answer


@pytest.mark.parametrize("layout", ["nnunet", "decathlon", "paired"])
def test_the_folder_above_a_data_set_says_which_to_give(layout, sound, tmp_path, capsys):
    shutil.copytree(sound[layout], tmp_path / "data" / "Task07")
    status, answer = prepare(tmp_path / "data", RECIPES[layout], tmp_path / "cache", capsys)
    assert status == 2
    assert answer.endswith(f"found Task07; give {tmp_path / 'data' / 'Task07'}")


def test_one_label_takes_what_several_mark_and_says_so(sound, tmp_path, capsys):
    main(["prepare", str(sound["nnunet"]), "--recipe", "lungs-2d", "-o", str(tmp_path / "cache")])
    assert "the data set has 1 pancreas, 2 cancer; each of them counts as Lungs" in capsys.readouterr().err
