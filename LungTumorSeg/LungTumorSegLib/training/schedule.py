"""Optimiser, learning rate over the run, and the running average of the weights."""

from __future__ import annotations

import math

import torch

from ..recipe.schema import Optimizer


def make_optimizer(network: torch.nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    """AdamW (Loshchilov 2019) with the recipe's rate and decay."""
    return torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)


def learning_rate(step: int, steps: int, settings: Optimizer) -> float:
    """Learning rate at ``step`` of ``steps``: linear warm-up, then the recipe's decay to zero."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    if settings.decay == "cosine":
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if settings.decay == "polynomial":
        return settings.learning_rate * (1 - done) ** 0.9
    return settings.learning_rate


@torch.no_grad()
def update_average(average: dict[str, torch.Tensor], network: torch.nn.Module, keep: float, step: int) -> None:
    """Move the exponential average of the weights one step, in place; it follows faster at the start."""
    keep = min(keep, (step + 1) / (step + 10))
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            average[name].lerp_(value, 1 - keep)
        else:
            average[name].copy_(value)
