"""A model of this project as a network class that nnU-Net's plans name and its own code builds."""

from __future__ import annotations

import torch

from LungTumorSegLib.model import load_model
from LungTumorSegLib.networks import network_of


class WindowedNetwork(torch.nn.Module):
    """The model's network behind its intensity windows.

    nnU-Net normalises one channel: the widest window, mapped to -1..1. The other windows, which lie inside it, are cut
    out of that here, so that nnU-Net reads, resamples and moves one image and not one for each window.

    Parameters
    ----------
    input_channels, num_classes : int
        What nnU-Net derives from the data set: 1, and the labels with the background.
    model : str
        Folder of the model.
    deep_supervision : bool
        nnU-Net's own switch; off for prediction.
    """

    def __init__(self, input_channels: int, num_classes: int, model: str, deep_supervision: bool = False):
        super().__init__()
        recipe = load_model(model).recipe
        self.windows = recipe.preparation.windows_hu
        self.widest = widest_window(self.windows)
        if input_channels != 1 or num_classes != 1 + len(recipe.labels) or deep_supervision:
            raise ValueError(f"{input_channels} channels, {num_classes} classes: not those of {model}")
        self.network = network_of(recipe)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (N, 1, z, y, x) to logits (N, K, z, y, x)."""
        low, high = self.widest
        hu = image * ((high - low) / 2) + (high + low) / 2
        parts = [((hu - (a + b) / 2) * (2 / (b - a))).clamp(-1, 1) for a, b in self.windows]
        return self.network(torch.cat(parts, dim=1))


def widest_window(windows: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return the intensity window that holds all others (HU).

    Raises
    ------
    ValueError
        None of them does.
    """
    low, high = min(low for low, _ in windows), max(high for _, high in windows)
    if (low, high) not in [tuple(window) for window in windows]:
        raise ValueError(f"no window of {windows} holds the others, so one channel cannot carry them")
    return low, high
