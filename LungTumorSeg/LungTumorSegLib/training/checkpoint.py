"""Checkpoints: whole or not at all."""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from ..errors import InputError
from ..volume.files import atomic_path


@dataclass
class Checkpoint:
    """Everything to go on with after ``step`` steps.

    Patches depend on the seed and the step alone, so no sampler state is needed; the random states are torch's
    (dropout), of the CPU and of each GPU.
    """

    step: int
    seed: int
    network: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]
    optimizer: dict
    random_state: torch.Tensor
    cuda_random_states: list[torch.Tensor] = field(default_factory=list)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write beside ``path``, then rename.

    Raises
    ------
    InputError
        The folder cannot be written or the disk is full; the older checkpoint stays.
    """
    with atomic_path(path) as temporary:
        try:
            torch.save(asdict(checkpoint), temporary)
        except RuntimeError as error:  # how torch reports a full disk
            raise InputError("the checkpoint cannot be written", path, "make room; the older one is intact") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint to the CPU, wherever it was written; code in it is never run (``weights_only``)."""
    try:
        return Checkpoint(**torch.load(path, weights_only=True, map_location="cpu"))
    except pickle.UnpicklingError as error:  # torch's own words say how to run the code in it
        what = "this checkpoint cannot be read: it is damaged, or holds more than numbers, which could run code"
        raise InputError(what, path, "restore it from a copy") from error
    except (RuntimeError, TypeError, EOFError, OSError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"this checkpoint cannot be read ({first_line})", path, "restore it from a copy") from error
