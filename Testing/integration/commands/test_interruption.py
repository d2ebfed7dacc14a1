"""Ctrl-C and SIGTERM half way: one line, the usual status, nothing left behind."""

from __future__ import annotations

import json
import os
import signal

import pytest

from support.commands import snapshot, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_half_way_through_the_network(bench, tmp_path, number):
    (tmp_path / "m.seg.nrrd").write_text("an older file")
    options = ("--overlap", "0.8", "--report", tmp_path / "r.json", "--preview", tmp_path / "p.png")
    program = start(
        "--json", "segment", bench.ct, "-o", tmp_path / "m.seg.nrrd", "--model", bench.everything, *options
    )
    for line in program.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["stage"] == "network" and event["fraction"] > 0:
            assert event["fraction"] < 0.9
            break
    program.send_signal(number)
    stdout, stderr = program.communicate(timeout=60)
    assert program.returncode == 128 + number
    assert stderr == "lungtumorseg: error: interrupted, nothing written\n"
    assert json.loads(stdout.splitlines()[-1])["event"] == "error"
    assert snapshot(tmp_path) == {"m.seg.nrrd": b"an older file"}


def test_while_a_data_set_is_made(tmp_path):
    grid = ("--size", "64", "64", "40", "--spacing", "6", "6", "8")
    program = start("--json", "phantom", "-o", tmp_path / "data", "-n", "500", *grid)
    for line in program.stdout:
        if json.loads(line)["fraction"] > 0:
            break
    program.send_signal(signal.SIGINT)
    _, stderr = program.communicate(timeout=60)
    assert program.returncode == 130
    assert stderr == "lungtumorseg: error: interrupted, nothing written\n"
    assert not (tmp_path / "data/dataset.json").exists()
    assert not [name for name in snapshot(tmp_path) if name.split("/")[-1].startswith(".")]
