"""What a contender is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

STAGES = ("loading", "reading", "preparing", "network", "resampling", "postprocessing", "writing")
"""The stages that every contender's time is split into; what falls between them counts in all, but in no stage."""


@dataclass(frozen=True)
class Job:
    """One CT to segment, from file to file.

    Attributes
    ----------
    ct : Path
        NIfTI file in HU.
    model : Path
        Folder of the model whose weights are used.
    mask : Path
        Where the mask is written (``.nii.gz``), on the CT's grid.
    device : str
        ``cpu`` or ``cuda``.
    settings : dict
        The contender's own: see `contenders.CONTENDERS`.
    probability : Path or None
        Where the foreground probability on the CT's grid is left (``.npy``, float16, zyx), after the clock has
        stopped; only MONAI's float32 run, which the others are compared with, is asked for it.
    """

    ct: Path
    model: Path
    mask: Path
    device: str = "cpu"
    settings: dict = field(default_factory=dict)
    probability: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What a contender did.

    Attributes
    ----------
    windows : int
        Windows that the network was shown.
    passes : int
        How often it ran: more than ``windows`` where each window is also mirrored.
    total_windows : int or None
        Windows that would cover the whole prepared CT, where fewer were run.
    afterwards : callable or None
        What is still to be done when the clock has stopped.
    """

    windows: int
    passes: int
    total_windows: int | None = None
    afterwards: Callable[[], None] | None = None
