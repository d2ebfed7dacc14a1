"""A real training, small: through Slicer stopped, gone on with, and through the module's logic."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import write_mask, write_volume
from support.models import RECIPE
from support.modules import ROOT, load, run_self_test
from support.slicer_application import TRAIN, child_of


@pytest.mark.skipif(sys.platform != "linux", reason="the application's process is looked up in /proc")
def test_slicer_is_stopped_with_a_checkpoint_and_goes_on(slicer, tmp_path):
    case = tmp_path / "Daten für Slicer" / "case 1"
    case.mkdir(parents=True)
    phantom = make_phantom(2, size=(80, 80, 50), spacing=(4.5, 4.5, 6.0))
    write_volume(case / "ct.nii.gz", phantom.ct)
    write_mask(case / "tumor.nii.gz", phantom.mask)
    recipe, run = tmp_path / "tiny.yaml", tmp_path / "a run"
    recipe.write_text(RECIPE, encoding="utf-8")
    settings = ("steps=120", "validation_share=0")
    given = ["--recipe", recipe, "--data", case.parent, "--output", run, "--device", "cpu"]
    given += [part for setting in settings for part in ("--set", f"training.{setting}")]

    stopped = slicer(TRAIN, "--", *given)
    while not (run / "metrics.jsonl").exists():
        assert stopped.poll() is None, stopped.stderr.read()
        time.sleep(0.02)
    os.kill(child_of(stopped.pid), signal.SIGTERM)
    _, log = stopped.communicate(timeout=60)
    assert stopped.returncode == 75, log
    assert "--resume" in log
    assert (run / "checkpoint.pt").is_file()

    resumed = slicer(TRAIN, "--", *given, "--resume")
    _, log = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, log


def test_slicers_test_of_training_passes_here_too(monkeypatch):
    load("LungTumorSegTraining")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.syspath_prepend(ROOT / "Testing" / "slicer" / "Python")
    run_self_test("LungTumorSegTrainingRunTest")
