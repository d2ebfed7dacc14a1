"""Random numbers of the training process: dropout's. Those of patches are no state, but a function of their number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from ..processes.distributed import Ranks

DROPOUT_STREAM = 3  # keeps dropout's random numbers apart from those of patches

State = dict[str, torch.Tensor]


def seed_dropout(seed: int, rank: int) -> None:
    """Let each process of a run drop out units of its own."""
    torch.manual_seed(int(np.random.SeedSequence([seed, DROPOUT_STREAM, rank]).generate_state(1)[0]))


def random_state(cuda: bool) -> State:
    """Return torch's random state, of the CPU and of the current GPU."""
    state = {"cpu": torch.get_rng_state()}
    return state | {"cuda": torch.cuda.get_rng_state()} if cuda else state


def set_random_state(state: State) -> None:
    """Go on from what `random_state` returned; a state of a GPU is of no use without one."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def gather_random_states(ranks: Ranks, cuda: bool) -> list[State]:
    """Return the states of all processes, in the order of their ranks."""
    gathered = {name: ranks.gather(value) for name, value in random_state(cuda).items()}
    return [{name: values[rank] for name, values in gathered.items()} for rank in range(ranks.count)]


@contextmanager
def undisturbed(cuda: bool) -> Iterator[None]:
    """Let the body, a validation, draw what it wants without changing what is drawn after it."""
    before = random_state(cuda)
    try:
        yield
    finally:
        set_random_state(before)
