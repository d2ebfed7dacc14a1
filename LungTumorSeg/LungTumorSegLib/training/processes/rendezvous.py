"""How the ranks of one start find each other in a store that may still hold what an earlier start left there.

``torch.distributed.run`` keeps its store when it starts dead ranks again, and they would connect to the dead. So the
first rank gives each start a name that was never used, and tells it to those alone that ask now.
"""

from __future__ import annotations

import time
from secrets import token_hex

from torch.distributed import PrefixStore, Store

POLL_SECONDS = 0.05


def fresh_store(store: Store, rank: int, count: int, patience: float) -> PrefixStore:
    """Return a part of ``store`` in which only the ranks of this start have written.

    Parameters
    ----------
    store : Store
        Shared by all ranks.
    rank, count : int
        This rank, and how many there are.
    patience : float
        Seconds to wait for the others; they may come late.

    Raises
    ------
    TimeoutError
        Some did not come.
    """
    deadline = time.monotonic() + patience
    name = _invite(store, count, deadline) if rank == 0 else _ask(store, rank, deadline)
    return PrefixStore(name, store)


def _invite(store: Store, count: int, deadline: float) -> str:
    """Answer every question that stands in the store, those of the dead too, until all ranks have the answer."""
    name = f"start-{token_hex(8)}"
    missing = set(range(1, count))
    while missing:
        for rank in sorted(missing):
            if store.check([f"question/{rank}"]):
                store.set(f"answer/{store.get(f'question/{rank}').decode()}", name)
            if store.check([f"{name}/there/{rank}"]):
                missing.discard(rank)
        _wait(deadline, missing)
    return name


def _ask(store: Store, rank: int, deadline: float) -> str:
    question = token_hex(8)
    store.set(f"question/{rank}", question)
    while not store.check([f"answer/{question}"]):
        _wait(deadline, {0})
    name = store.get(f"answer/{question}").decode()
    store.set(f"{name}/there/{rank}", "yes")
    return name


def _wait(deadline: float, missing: set[int]) -> None:
    if missing and time.monotonic() > deadline:
        raise TimeoutError(f"process {min(missing)} did not come")
    time.sleep(POLL_SECONDS)
