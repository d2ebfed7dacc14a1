"""The benchmarks of training run and print their tables (small, so what they measure says nothing)."""

from __future__ import annotations

import pytest

from benchmark import training_against_monai, training_pipeline
from LungTumorSegLib.phantom.dataset import write_dataset

SMALL = [
    "network={name: unet, channels: [4, 8], strides: [2], residual_units: 0}",
    "training.patch_size=[32, 32, 32]",
    "inference.window_size=[32, 32, 32]",
    "preparation.spacing_mm=[4, 4, 4]",
    "training.synthesis.mass_radius_mm=[8, 16]",
    "training.precision=float32",
]


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    data = tmp_path_factory.mktemp("phantoms")
    write_dataset(data, 2, size=(96, 80, 56), spacing=(3.7, 3.7, 5))
    keys = [argument for key in SMALL for argument in ("--set", key)]
    return ["--data", str(data), "--device", "cpu", "--steps", "2", "--turns", "2", "--settle", "0", *keys]


def table_of(benchmark, arguments, capsys) -> dict[str, list[str]]:
    """Run a benchmark and return its table: first cell to further cells of each row."""
    benchmark.main(arguments)
    printed = capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert len({len(row) for row in [lines[0].strip("|").split("|"), *rows]}) == 1
    assert printed.err.count("patches/s") == 2 * len(rows)  # a line a turn
    assert all(float(row[1]) > 0 for row in rows)
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("workers", [0, 1])
def test_pipeline_against_the_bare_step(arguments, capsys, workers):
    table = table_of(training_pipeline, [*arguments, "--workers", str(workers)], capsys)
    assert list(table) == ["bare step, patches on the device", "training with its loader"]


def test_without_loaders_monai_is_tried_with_and_without(arguments, capsys):
    table = table_of(training_against_monai, [*arguments, "--workers", "0"], capsys)
    assert [name.rpartition(", ")[::2] for name in table] == [
        ("this project, float32", "0 loaders"),
        ("MONAI's tutorials, float32", "1 loader"),
        ("MONAI tuned, float32", "0 loaders"),
        ("MONAI tuned, float32", "1 loader"),
    ]
    own, *others = table.values()
    assert own[-1] == "1.00"
    for other in others:
        assert float(other[-1]) == pytest.approx(float(own[0]) / float(other[0]), rel=0.1, abs=0.02)


def test_with_a_loader_monai_has_one_too(arguments, capsys):
    table = table_of(training_against_monai, [*arguments, "--workers", "1"], capsys)
    assert [name.rpartition(", ")[2] for name in table] == ["1 loader"] * 3
