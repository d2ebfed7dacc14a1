"""The benchmarks of training run and print their tables (small, so what they measure says nothing)."""

from __future__ import annotations

import re

import pytest

from benchmark import training_against_monai, training_pipeline
from LungTumorSegLib.phantom.dataset import write_dataset

SMALL = [
    "network={name: unet, channels: [4, 8], strides: [2], residual_units: 0}",
    "training.patch_size=[32, 32, 32]",
    "inference.window_size=[32, 32, 32]",
    "preparation.spacing_mm=[4, 4, 4]",
    "training.synthesis.mass_radius_mm=[8, 16]",
]


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    data = tmp_path_factory.mktemp("phantoms")
    write_dataset(data, 2, size=(96, 80, 56), spacing=(3.7, 3.7, 5))
    keys = [argument for key in SMALL for argument in ("--set", key)]
    return ["--data", str(data), "--device", "cpu", "--steps", "2", "--turns", "2", "--settle", "0", *keys]


@pytest.mark.parametrize(("benchmark", "rows"), [(training_pipeline, 2), (training_against_monai, 3)])
def test_prints_its_table(benchmark, rows, arguments, capsys):
    benchmark.main([*arguments, "--workers", "1"])
    printed = capsys.readouterr()
    table = [line for line in printed.out.splitlines() if line.startswith("|")]
    assert len(table) == 2 + rows
    assert all(float(re.findall(r"\| ([\d.]+) \|", row)[0]) > 0 for row in table[2:])
    assert len({row.count("|") for row in table}) == 1
    assert printed.err.count("patches/s") == 2 * rows
    assert "1 loader processes" in printed.out
