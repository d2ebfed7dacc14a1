"""A data set of two phantoms, small enough that preparing it takes no time, and a recipe for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from LungTumorSegLib.phantom import Tumour, make_phantom
from LungTumorSegLib.volume import write_mask, write_volume

RECIPE = """
name: tiny
description: A small network for tests.
preparation: {region: all, spacing_mm: [8, 8, 10]}
network: {name: unet, channels: [4, 8], strides: [2], residual_units: 0, dropout: 0.2}
training:
  patch_size: [16, 16, 16]
  precision: float32
  steps: 100000
  checkpoint_every_steps: 20
  synthesis: {real: 1}
inference: {window_size: [16, 16, 16]}
"""


@pytest.fixture(scope="session")
def inputs(tmp_path_factory) -> list[str]:
    """The arguments of ``train`` that say what is trained on what."""
    folder: Path = tmp_path_factory.mktemp("inputs")
    phantom = make_phantom(2, size=(64, 64, 40), spacing=(5.6, 5.6, 7.5), tumours_to_grow=[Tumour(40)])
    for name in ("one", "two"):
        (folder / "data" / name).mkdir(parents=True)
        write_volume(folder / "data" / name / "ct.nii.gz", phantom.ct)
        write_mask(folder / "data" / name / "tumor.nii.gz", phantom.mask)
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    where = ["--recipe", str(folder / "tiny.yaml"), "--data", str(folder / "data")]
    return [*where, "--device", "cpu", "--workers", "0"]
