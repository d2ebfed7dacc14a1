"""The systems' trainings take up to half a minute each on one core: two go on at a time, from the first test on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def trainings(request, tmp_path_factory) -> dict[str, Future]:
    """What ``learn(folder)`` gives or will give, by the name of the module that has it, of those with tests to run."""
    modules = {item.module.__name__: item.module for item in request.session.items}
    pool = ThreadPoolExecutor(2)
    yield {
        name: pool.submit(module.learn, tmp_path_factory.mktemp("system"))
        for name, module in modules.items()
        if hasattr(module, "learn")
    }
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def learned(request, trainings):
    """What the module's ``learn(folder)`` has given."""
    return trainings[request.module.__name__].result()


@pytest.fixture(scope="module")
def model(learned) -> Path:
    """The model folder among the files of a ``learn(folder)`` that gives them first."""
    return learned[0] / "model"
