"""The real worker with a network that strikes, in another way for each CT: `python unlucky_worker.py HOW HOW …`."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import numpy as np
import psutil
import torch

from LungTumorSegLib.worker.server import serve


class Unlucky(torch.nn.Module):
    """Says background, and does what it is told to on the window that follows the first one of each CT."""

    def __init__(self, ways: list[str]):
        super().__init__()
        self.ways, self.windows = ways, 0

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        self.windows += 1
        if self.windows > 1 and self.ways:  # the first window is that of warming up
            getattr(self, self.ways[0])()
        return torch.cat([torch.ones_like(tiles[:, :1]), -torch.ones_like(tiles[:, :1])], dim=1)

    def __deepcopy__(self, memo: dict) -> Unlucky:
        """Stay the one that counts: what runs on a CPU is a rearranged copy."""
        return self

    def gpu(self) -> None:
        """Strike at every attempt: there are several, which need less and less."""
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    def numpy(self) -> None:
        with little_memory():
            np.ones(2**30)

    def torch(self) -> None:
        with little_memory():
            torch.ones(2**30)

    def error(self) -> None:
        raise ZeroDivisionError("division by zero")

    def noise(self) -> None:
        """Print to what libraries print to."""
        print("printed by Python")
        os.write(1, b"printed by C\n")


@contextmanager
def little_memory() -> Iterator[None]:
    """Let this process have 256 MB more than it has."""
    usual = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + 2**28, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, usual)


if __name__ == "__main__":
    network = Unlucky(sys.argv[1:])

    def next_one(model) -> Unlucky:
        """Stand in for loading: it is loaded anew after each misfortune."""
        if network.windows > 1:
            del network.ways[0]
        return network

    # Not "import … as": the package has a function of that name.
    import_module("LungTumorSegLib.prediction.predict").load_network = next_one
    sys.exit(serve())
