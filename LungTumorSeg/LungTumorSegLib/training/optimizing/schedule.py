"""Optimiser, and the learning rate over the run."""

from __future__ import annotations

import math

import torch

from ...errors import InputError
from ...recipe.schema import Optimizer


def make_optimizer(network: torch.nn.Module, settings: Optimizer, fused: bool = False) -> torch.optim.Optimizer:
    """Build the recipe's optimiser.

    Parameters
    ----------
    network : torch.nn.Module
    settings : Optimizer
    fused : bool
        All weights in one kernel, which can leave out a step without the host's knowing (on CUDA).
    """
    common = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay, "fused": fused}
    if settings.name == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=settings.momentum, nesterov=True, **common)
    kind = torch.optim.Adam if settings.name == "adam" else torch.optim.AdamW
    return kind(network.parameters(), **common)


def check_what_is_waited_for(settings: Optimizer, validates: bool) -> None:
    """Raise `InputError` if the learning rate waits for validations, and there are none."""
    if settings.decay == "plateau" and settings.plateau.watch == "validation" and not validates:
        what = "the learning rate waits for validations, and there are none"
        raise InputError(what, "training.optimizer.plateau.watch", "hold out cases, or watch the training loss")


class Schedule:
    """The learning rate, a function of the step alone but for the plateau.

    Parameters
    ----------
    settings : Optimizer
    steps : int
        Of the whole run.
    steps_per_epoch : int

    Attributes
    ----------
    factor : float
        What plateaus have made of the rate so far.
    """

    def __init__(self, settings: Optimizer, steps: int, steps_per_epoch: int):
        self.settings, self.steps, self.steps_per_epoch = settings, steps, steps_per_epoch
        self.factor = 1.0
        self._best = math.inf
        self._waited = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of ``step``, counted from 0: linear warm-up, then the recipe's decay."""
        settings = self.settings
        if step < settings.warmup_steps:
            return self.factor * settings.learning_rate * (step + 1) / settings.warmup_steps
        done = (step - settings.warmup_steps) / max(1, self.steps - settings.warmup_steps)
        share = {
            "constant": lambda: 1.0,
            "plateau": lambda: self.factor,
            "cosine": lambda: 0.5 * (1 + math.cos(math.pi * done)),
            "polynomial": lambda: (1 - done) ** 0.9,
            "exponential": lambda: settings.exponential_factor ** (step // self.steps_per_epoch),
        }[settings.decay]
        return settings.learning_rate * share()

    def waits_for(self, watched: str) -> bool:
        """Tell whether the rate depends on ``"training"`` losses, or on ``"validation"``."""
        return self.settings.decay == "plateau" and self.settings.plateau.watch == watched

    def observe(self, cost: float) -> bool:
        """Take note of an epoch's loss, or of a validation's cost; less is better.

        Returns
        -------
        bool
            Whether the rate was lowered.
        """
        plateau = self.settings.plateau
        if cost < self._best - plateau.least_change:
            self._best, self._waited = cost, 0
            return False
        self._waited += 1
        if self._waited <= plateau.patience:
            return False
        self.factor *= plateau.factor
        self._waited = 0
        return True

    def state(self) -> dict[str, float]:
        """Return what has to be kept to go on."""
        return {"factor": self.factor, "best": self._best, "waited": self._waited}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from what `state` returned."""
        self.factor, self._best, self._waited = state["factor"], state["best"], int(state["waited"])
