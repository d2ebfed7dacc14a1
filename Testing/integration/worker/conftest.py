"""Workers that end with the test, and nothing left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from LungTumorSegLib.worker import Worker
from support.workers import shared_files


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Many small convolutions gain nothing by several threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture
def make_worker() -> Iterator[Callable[..., Worker]]:
    made = []

    def make(command: list[str] | None = None) -> Worker:
        made.append(Worker(command))
        return made[-1]

    yield make
    for worker in made:
        worker.close()
    assert not shared_files()
