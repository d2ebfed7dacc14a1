"""Runs and searches that somebody damaged, or put where they must not be."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.optimizing.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from LungTumorSegLib.training.search.study import JOURNAL, opened, pruner_of
from LungTumorSegLib.training.start import start_run
from LungTumorSegLib.training.watching.history import NAME, read_history
from LungTumorSegLib.volume.files import write_json
from support.data_sets import coarse_recipe, write_case_folders
from support.training import small_run


def test_one_changed_byte_of_a_checkpoint_is_noticed(tmp_path):
    path = tmp_path / "checkpoint.pt"
    weights = {"weight": torch.arange(1000.0)}
    save_checkpoint(path, Checkpoint(3, 0, weights, {}, {}))
    assert load_checkpoint(path).step == 3
    content = bytearray(path.read_bytes())
    content[content.index(torch.tensor([500.0, 501.0]).numpy().tobytes())] ^= 1
    path.write_bytes(content)
    assert zipfile.is_zipfile(path)
    with pytest.raises(InputError, match="checksum"):
        load_checkpoint(path)


@pytest.mark.parametrize("change", [{"step": "x"}, {"network": None}, {"epoch_losses": 3}, {"best_score": "x"}])
def test_a_checkpoint_that_holds_something_else(tmp_path, change):
    path = tmp_path / "checkpoint.pt"
    content = {"step": 3, "seed": 0, "network": {}, "average": {}, "optimizer": {}}
    torch.save({**content, **change}, path)
    with pytest.raises(InputError, match="holds something else"):
        load_checkpoint(path)


@pytest.mark.parametrize("change", [{"step": -1}, {"step": 10**6}, {"network": {}}, {"optimizer": {}}])
def test_a_checkpoint_that_does_not_fit_the_run(tmp_path, change):
    run = small_run(tmp_path)
    run.save()
    path = run.checkpoint_path
    torch.save({**torch.load(path, weights_only=True), **change}, path)
    with pytest.raises(InputError, match="does not fit the run"):
        small_run(tmp_path).resume()


def test_metrics_that_cannot_be_read(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path)


@pytest.mark.parametrize("content", ["[]", "null", "{"])
def test_a_run_that_does_not_say_what_it_was_trained_on(tmp_path, content):
    data, run = write_case_folders(tmp_path / "data"), tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"not looked at yet")
    (run / "data.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="does not say"):
        start_run(coarse_recipe(), data, run, device="cpu", resume=True)


def test_other_cases_are_told_before_they_are_prepared(tmp_path):
    data, run = write_case_folders(tmp_path / "data"), tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"not looked at yet")
    write_json(run / "data.json", {"seed": 0, "cases": ["case_0"], "validation": [], "nodules": 0})
    with pytest.raises(InputError, match="other cases"):
        start_run(coarse_recipe(), data, run, device="cpu", resume=True)
    assert not (run / "cache").exists()


def test_no_run_among_the_cases_of_its_data(tmp_path):
    data = write_case_folders(tmp_path / "data")
    before = sorted(data.rglob("*"))
    with pytest.raises(InputError, match="folder of the data"):
        start_run(coarse_recipe(), data, data, device="cpu")
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize("journal", ["x\n", "[]\n", '{"op_code": 99}\n'])
def test_a_damaged_journal_of_a_search(tmp_path: Path, journal):
    pytest.importorskip("optuna")
    write_json(tmp_path / "setup.json", {})
    (tmp_path / JOURNAL).write_text(journal, encoding="utf-8")
    with pytest.raises(InputError, match="journal is damaged"), opened(tmp_path, {}, pruner_of("none", 1, 1)):
        pass
