"""How many loader processes there are where nobody says."""

from __future__ import annotations

import pytest

from LungTumorSegLib.training.patches import batches


@pytest.mark.parametrize(
    ("cores", "processes", "on_cpu", "on_gpu"),
    [(1, 1, 0, 1), (2, 1, 0, 1), (3, 1, 2, 2), (16, 1, 4, 4), (16, 4, 3, 3), (8, 4, 0, 1), (2, 4, 0, 1)],
)
def test_loaders_take_the_cores_that_are_left(monkeypatch, cores, processes, on_cpu, on_gpu):
    monkeypatch.setattr(batches, "usable_cores", lambda: cores)
    assert batches.default_workers(processes) == on_cpu
    assert batches.default_workers(processes, on_gpu=True) == on_gpu
