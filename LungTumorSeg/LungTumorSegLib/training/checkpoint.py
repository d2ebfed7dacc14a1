"""Checkpoints: whole or not at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ..errors import InputError
from ..volume.files import atomic_path


@dataclass
class Checkpoint:
    """Everything to go on with after ``step`` steps.

    Patches depend on the seed and the step alone, so no sampler state is needed; ``random_state`` is torch's
    (dropout).
    """

    step: int
    seed: int
    network: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]
    optimizer: dict
    random_state: torch.Tensor


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write beside ``path``, then rename."""
    with atomic_path(path) as temporary:
        torch.save(asdict(checkpoint), temporary)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; code in it is never run (``weights_only``)."""
    try:
        return Checkpoint(**torch.load(path, weights_only=True))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise InputError("this checkpoint cannot be read", path, "delete it to start again") from error
