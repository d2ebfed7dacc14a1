"""A data set of two small cases, one with a tumour, and a recipe that a laptop trains in seconds."""

from __future__ import annotations

import pytest
import torch

from support import training


@pytest.fixture(scope="session")
def small_recipe():
    return training.small_recipe()


@pytest.fixture(scope="session")
def cases():
    return training.make_cases()


@pytest.fixture(scope="session")
def nodules():
    return training.make_nodules()


@pytest.fixture
def make_run(tmp_path):
    """Make a run on the CPU in a folder of this name, with these settings on top of the small recipe."""
    # Sums in one order, so that two runs can be compared bit by bit.
    before = torch.get_num_threads()
    torch.set_num_threads(1)

    def make(folder: str, *settings: str, workers: int = 0):
        return training.small_run(tmp_path / folder, *settings, workers=workers)

    yield make
    torch.set_num_threads(before)
