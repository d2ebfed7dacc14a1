"""Arguments and files that are there and say nothing; the command line in this process."""

from __future__ import annotations

import json

import pytest

from LungTumorSegLib.commandline.main import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "--recipe", "lung-tumor", "--data", ".", "-o", "run", "--validate", ""), "'' holds no name"),
        (("train", "--recipe", "lung-tumor", "--data", ".", "-o", "run", "--leave-out", ","), "',' holds no name"),
        (("evaluate", "--model", "lung-tumor", "--data", ".", "--cases", ""), "'' holds no name"),
        (("prepare", ".", "--recipe", "lung-tumor", "-o", "cache", "--roi", ""), "--roi: is an empty name"),
        (("export", "run", "-o", "model", "--card", "nowhere.json"), "nowhere.json: there is no such file"),
        (("export", "run", "-o", "model", "--scores", "empty.json"), "empty.json: holds no scores of an evaluation"),
    ],
)
def test_what_says_nothing_is_no_silent_default(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.json").write_text(json.dumps({}), encoding="utf-8")
    assert main(list(arguments)) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert len(said.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["empty.json"]
