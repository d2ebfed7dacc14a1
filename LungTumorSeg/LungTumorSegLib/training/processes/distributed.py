"""The processes of a run: who they are, what they add up, and how they wait for each other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count as counting
from typing import TypeVar

import torch
from torch import distributed

from ...errors import InputError
from .rendezvous import fresh_store

Result = TypeVar("Result")

# A dead process is noticed by its closed connection; this is for one that hangs, and for a slow batch or checkpoint.
COLLECTIVE_TIMEOUT = timedelta(minutes=10)
WAIT_SECONDS = 0.1


class FirstRankFailedError(RuntimeError):
    """What the first process did alone ended badly; it says why."""


class Ranks:
    """The processes that train one network together; by default this one alone.

    Attributes
    ----------
    rank, count : int
        Number of this process, from 0, and how many there are on all machines.
    local_rank, local_count : int
        The same on this machine.
    """

    def __init__(self, rank: int = 0, count: int = 1, local_rank: int = 0, local_count: int = 1, store=None):
        self.rank, self.count = rank, count
        self.local_rank, self.local_count = local_rank, local_count
        self._store, self._numbers = store, counting()

    @property
    def is_first(self) -> bool:
        """Whether this process writes, validates and talks."""
        return self.rank == 0

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add a tensor up over all processes; a derivative passes through to every process's share."""
        return tensor if self.count == 1 else _Sum.apply(tensor)

    def any(self, flag: bool) -> bool:
        """Tell whether a flag is set in any process; on the CPU, so that no GPU is waited for."""
        if self.count == 1:
            return flag
        flags = torch.tensor(int(flag))
        distributed.all_reduce(flags)
        return bool(flags)

    def gather(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        """Return every process's tensor (on the CPU, the same shape everywhere), in the order of ranks."""
        if self.count == 1:
            return [tensor]
        gathered = [torch.empty_like(tensor) for _ in range(self.count)]
        distributed.all_gather(gathered, tensor)
        return gathered

    def from_first(self, value: float) -> float:
        """Return the first process's value in all of them."""
        if self.count == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        distributed.broadcast(shared, src=0)
        return float(shared)

    def first_alone(self, work: Callable[[], Result], check: Callable[[], None] = lambda: None) -> Result | None:
        """Do ``work`` in the first process while the others wait, for as long as it takes.

        Parameters
        ----------
        work : callable
        check : callable
            Called again and again by those who wait; may raise.

        Returns
        -------
        object or None
            What ``work`` returns, in the first process.

        Raises
        ------
        FirstRankFailedError
            In the others, when ``work`` raised.
        """
        if self.count == 1:
            return work()
        key = f"alone/{next(self._numbers)}"
        if not self.is_first:
            # Asking now and then, where a collective operation would give up after its timeout.
            while not self._store.check([key]):
                check()
                time.sleep(WAIT_SECONDS)
            if self._store.get(key) != b"done":
                raise FirstRankFailedError
            return None
        outcome = "failed"
        try:
            result = work()
            outcome = "done"
            return result
        finally:
            self._store.set(key, outcome)


class _Sum(torch.autograd.Function):
    """All-reduce: the sum of all processes depends on each one's share, so gradients are summed on the way back."""

    @staticmethod
    def forward(ctx, tensor: torch.Tensor) -> torch.Tensor:
        total = tensor.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total


def started_in_group() -> bool:
    """Tell whether this process was started as one of several, by ``torchrun`` or in its manner."""
    return os.environ.get("WORLD_SIZE", "1") != "1"


@contextmanager
def joined(cuda: bool) -> Iterator[Ranks]:
    """Join the group that the environment describes (``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR``, ``MASTER_PORT``).

    Parameters
    ----------
    cuda : bool
        Whether gradients lie on GPUs (NCCL); what lies on the CPU travels by gloo in either case.

    Yields
    ------
    Ranks
        This process alone where no group is described.

    Raises
    ------
    InputError
        The description is not complete.
    """
    if not started_in_group():
        yield Ranks()
        return
    try:
        for name in ("RANK", "WORLD_SIZE", "MASTER_PORT"):
            int(os.environ[name])
        local_rank = int(os.environ.get("LOCAL_RANK", 0))
        local_count = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        os.environ["MASTER_ADDR"]
    except (KeyError, ValueError) as error:
        what = f"the environment does not say which of several processes this is ({error})"
        raise InputError(what, "WORLD_SIZE", "start it by `train --processes N`, or by torchrun") from error
    if cuda:
        torch.cuda.set_device(local_rank)
    store, rank, count = next(distributed.rendezvous("env://", timeout=COLLECTIVE_TIMEOUT))
    store = fresh_store(store, rank, count, COLLECTIVE_TIMEOUT.total_seconds())
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=COLLECTIVE_TIMEOUT)
    own = distributed.PrefixStore("lungtumorseg", store)
    yield Ranks(rank, count, local_rank, local_count, own)
    # Only after a good end: with a dead process in the group this would wait for it.
    distributed.destroy_process_group()


def is_lost_connection(error: BaseException) -> bool:
    """Tell whether an error means that another process of the group is gone; gloo has no type for it."""
    words = ("gloo", "nccl", "connection closed by peer", "connection reset", "socket", "broken pipe")
    lost = isinstance(error, FirstRankFailedError | distributed.DistError | TimeoutError)
    return lost or (isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words))
