"""Checkpoints: whole or not at all."""

from __future__ import annotations

import contextlib
import pickle
import re
import types
import typing
import zipfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

import torch

from ...errors import InputError
from ...volume.files import atomic_path

LAST, BEST = "checkpoint.pt", "checkpoint_best.pt"
TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.pt")

# Random states of runs that one process alone had; dropout does not go on as it would have.
OLDER_KEYS = ("random_state", "cuda_random_states")


@dataclass
class BestWeights:
    """The weights that did best in validation.

    Attributes
    ----------
    step : int
        After which they were the run's.
    score : float
        As of `Checkpoint.best_score`.
    network, average : dict of str to Tensor
        The weights as trained, and their running average.
    """

    step: int
    score: float
    network: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]


@dataclass
class Checkpoint:
    """Everything to go on with after ``step`` steps.

    Patches depend on the seed and their number alone, so the step is all that is to be known of the sampler.

    Attributes
    ----------
    step, seed, processes : int
    network, average : dict of str to Tensor
    optimizer, schedule, scaler : dict
        States.
    random_states : list of dict of str to Tensor
        Of each process (``cpu`` and, on a GPU, ``cuda``); dropout draws from them.
    epoch_losses : list of float
        Of the steps of the epoch that is not over.
    epoch_figures : list of float
        Figures of these steps, added up; see `LungTumorSegLib.training.optimizing.figures.Figures`.
    left_out_in_a_row : int
        Steps left out so far because something was not finite.
    validated_step : int
        The step whose weights were validated last; -1 for none.
    best_score : float or None
        Of the best validation so far: the mean Dice of its cases, or the mean of that and the macro-averaged F1.
    """

    step: int
    seed: int
    network: dict[str, torch.Tensor]
    average: dict[str, torch.Tensor]
    optimizer: dict
    processes: int = 1
    schedule: dict = field(default_factory=dict)
    scaler: dict = field(default_factory=dict)
    random_states: list[dict[str, torch.Tensor]] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    epoch_figures: list[float] = field(default_factory=list)
    left_out_in_a_row: int = 0
    validated_step: int = -1
    best_score: float | None = None


Saved = TypeVar("Saved", Checkpoint, BestWeights)


def save_checkpoint(path: Path, checkpoint: Checkpoint | BestWeights) -> None:
    """Write beside ``path``, then rename.

    Raises
    ------
    InputError
        The folder cannot be written or the disk is full; the older checkpoint stays.
    """
    content = {one.name: getattr(checkpoint, one.name) for one in fields(checkpoint)}
    with atomic_path(path) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # how torch reports a full disk
            raise InputError("the checkpoint cannot be written", path, "make room; the older one is intact") from error


def load_checkpoint(path: Path, kind: type[Saved] = Checkpoint) -> Saved:
    """Read a checkpoint to the CPU, wherever it was written; code in it is never run (``weights_only``).

    Raises
    ------
    InputError
        It is gone or damaged, be it in one number, or holds something else.
    """
    try:
        _check_sums(path)
        content = torch.load(path, weights_only=True, map_location="cpu")
        saved = kind(**{name: value for name, value in content.items() if name not in OLDER_KEYS})
        _check_kinds(saved)
        return saved
    except pickle.UnpicklingError as error:  # torch's own words say how to run the code in it
        what = "this checkpoint cannot be read: it is damaged, or holds more than numbers, which could run code"
        raise InputError(what, path, "restore it from a copy") from error
    except (RuntimeError, TypeError, AttributeError, LookupError, ValueError, EOFError, OSError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"this checkpoint cannot be read ({first_line})", path, "restore it from a copy") from error


def _check_sums(path: Path) -> None:
    """Compare each part with its checksum, which `torch.load` passes over."""
    if not zipfile.is_zipfile(path):
        return  # torch says what is wrong with it
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError("it is damaged") from error
    if damaged is not None:
        raise ValueError("a checksum does not agree with its content")


def _check_kinds(saved: Checkpoint | BestWeights) -> None:
    """Compare what each field holds with what it is declared to hold."""
    for name, declared in typing.get_type_hints(type(saved)).items():
        kinds = declared if isinstance(declared, types.UnionType) else typing.get_origin(declared) or declared
        if not isinstance(getattr(saved, name), kinds):
            raise TypeError(f"{name} holds something else")


def remove_torn_files(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote a checkpoint."""
    for path in folder.glob(".*.pt"):
        if TEMPORARY.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()
