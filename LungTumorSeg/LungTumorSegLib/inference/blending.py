"""How the outputs of overlapping windows become one image."""

from __future__ import annotations

import math

import numpy as np
import torch

from ..volume.boxes import Box, inside
from .windows import Triple, Window

# A window's corner weighs at least this (its centre weighs 1), so that a voxel seen by corners only keeps its digits.
SMALLEST_WEIGHT = 1e-3


def importance_map(size: Triple, blending: str = "gaussian", sigma_scale: float = 0.125) -> torch.Tensor:
    """Weight of each voxel of a window.

    Parameters
    ----------
    size : tuple of int, zyx
        Shape of the window.
    blending : {"gaussian", "constant", "centre"}
        A Gaussian about the window's centre, or 1 throughout; as much where windows keep their centres alone, which
        `windows.Window.kept` sees to.
    sigma_scale : float
        Standard deviation of the Gaussian along each axis, as a part of the window's size along it.

    Returns
    -------
    Tensor of shape ``size``, float32, CPU
        ``exp(-x^2 / 2 sigma^2)`` multiplied over the axes, and at least `SMALLEST_WEIGHT` (nnU-Net's blending, as
        in Isensee et al., Nature Methods 2021).
    """
    if blending in ("constant", "centre"):
        return torch.ones(size)
    if blending != "gaussian":
        raise ValueError(f"blending is {blending!r}; known are gaussian, constant and centre")
    z, y, x = (_gaussian(n, n * sigma_scale) for n in size)
    weights = z[:, None, None] * y[:, None] * x
    return weights.clamp_(min=max(float(weights.min()), SMALLEST_WEIGHT))


def _gaussian(length: int, sigma: float) -> torch.Tensor:
    distance = torch.arange(length, dtype=torch.float32) - (length - 1) / 2
    return torch.exp(-(distance**2) / (2 * sigma**2))


class BlendedSum:
    """The weighted sum of windows over a box of the image, and what it is divided by.

    This is all that is ever held of the result: ``channels + 1`` values a voxel of the box.

    Parameters
    ----------
    channels : int
        Channels of the network's output.
    box : tuple of slice, zyx
        The part of the image that is kept; what windows say beyond it is dropped.
    weights : Tensor, zyx
        Weight of each voxel of a window, on ``device``.
    device : str or torch.device
        Where the sum is held.
    """

    def __init__(self, channels: int, box: Box, weights: torch.Tensor, device: str | torch.device):
        self.box = box
        self.weights = weights
        shape = [s.stop - s.start for s in box]
        # Under inference mode, too, the result must be an ordinary tensor that callers may change in place.
        with torch.inference_mode(False):
            self.values = torch.zeros((channels, *shape), device=device)
            self.weight = torch.zeros(shape, device=device)

    def add(self, output: torch.Tensor, window: Window) -> None:
        """Add what the network said about ``window``: (channels, z, y, x), any float type."""
        target, source = [], []
        for box, seen, within, kept in zip(self.box, window.image, window.inside, window.kept, strict=True):
            low, high = max(kept.start, box.start), min(kept.stop, box.stop)
            if low >= high:
                return
            target.append(slice(low - box.start, high - box.start))
            source.append(slice(low - seen.start + within.start, high - seen.start + within.start))
        target, source = tuple(target), tuple(source)
        weights = self.weights[source]
        said = output[(slice(None), *source)].to(self.values.device, torch.float32)
        self.values[(slice(None), *target)].addcmul_(said, weights)
        self.weight[target] += weights

    def labels(self, threshold: float) -> np.ndarray:
        """Label what was added so far; the sums stay as they are.

        Parameters
        ----------
        threshold : float
            Probability of any foreground, above 0, from which on a voxel is labelled.

        Returns
        -------
        ndarray, zyx, uint8, of the box
            0 where no window was added, or the background is likelier; else the likeliest foreground channel, from 1.
            The channels are logits relative to the background's.
        """
        found = self.reaches(threshold).to(torch.uint8)
        if len(self.values) > 1:
            found *= (self.values.argmax(dim=0) + 1).to(torch.uint8)  # as that of the means: the weight is the same
        return found.cpu().numpy()

    def reaches(self, probability: float) -> torch.Tensor:
        """Tell where the foreground is at least this probable (above 0) by what was added so far: (z, y, x), bool.

        The channels are logits relative to the background's. Nowhere where no window was added.
        """
        # The mean reaches the threshold's logit where the sum reaches that many times the weight: nothing is divided.
        least = self.weight * math.log(probability / (1 - probability)) if probability < 1 else math.inf
        if len(self.values) == 1:
            return (self.values[0] >= least) & (self.weight > 0)
        means = self.values / self.weight.clamp(min=torch.finfo(torch.float32).tiny)
        return (torch.logsumexp(means, dim=0) * self.weight >= least) & (self.weight > 0)

    def part(self, box: Box) -> BlendedSum:
        """Return the sums of ``box``, a part of this one's, as sums of their own."""
        where = inside(box, self.box)
        part = BlendedSum(0, (slice(0, 0),) * 3, self.weights, self.values.device)
        part.box = box
        with torch.inference_mode(False):
            part.values, part.weight = self.values[(slice(None), *where)].clone(), self.weight[where].clone()
        return part

    def mean(self) -> torch.Tensor:
        """Divide in place and return the weighted mean, (channels, z, y, x); 0 where no window was added.

        Raises
        ------
        FloatingPointError
            The network's output held NaN or infinity.
        """
        self.values /= self.weight.clamp_(min=torch.finfo(torch.float32).tiny)
        self.refuse_not_finite()
        return self.values

    def refuse_not_finite(self) -> None:
        """Raise `FloatingPointError` if what was added held NaN or infinity."""
        if not math.isfinite(float(self.values.sum())):
            raise FloatingPointError("the network's output is not finite")
