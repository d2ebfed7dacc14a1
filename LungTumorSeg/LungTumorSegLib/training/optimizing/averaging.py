"""The running average of the weights, which is what is validated and exported."""

from __future__ import annotations

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """An exponential average of a network's weights; the weights themselves where nothing is averaged.

    Parameters
    ----------
    network : torch.nn.Module
    keep : float
        Share of the average that stays at each step; 0 for no average.
    """

    def __init__(self, network: torch.nn.Module, keep: float):
        self.network, self.keep = network, keep
        self._kept = self._copy() if keep else None

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The averaged weights, as a state dict."""
        return self.network.state_dict() if self._kept is None else self._kept

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average after ``step`` (counted from 0); it follows faster at the start of a run."""
        if self._kept is None:
            return
        now = self.network.state_dict()
        floats = [name for name, value in now.items() if value.dtype.is_floating_point]
        move = get_ema_multi_avg_fn(min(self.keep, (step + 1) / (step + 10)))
        move([self._kept[name] for name in floats], [now[name] for name in floats], None)
        for name in now.keys() - set(floats):
            self._kept[name].copy_(now[name])

    def restore(self, weights: dict[str, torch.Tensor]) -> None:
        """Go on from saved weights, which may lie on another device."""
        if self._kept is not None:
            for name, value in self._kept.items():
                value.copy_(weights[name])

    def _copy(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}
