"""What a sliding window gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ..volume.boxes import Box
from .windows import Triple, WindowGrid

# Logit of every foreground channel outside the region. exp(-200) is 0 in float32, so probabilities there are exactly 0
# or 1. Do not interpolate such logits; interpolate probabilities.
NEVER = -200.0

# Probabilities are computed this many z slices at a time, so that no second array of the logits' size is made.
SLAB = 8


@dataclass(frozen=True, eq=False)
class WindowedResult:
    """Blended logits on the part of the image where an answer was wanted.

    Attributes
    ----------
    logits : Tensor of shape (K, z, y, x), float32
        Logits on ``box``, on the device that held the sums. Outside the region they say background.
    box : tuple of slice, zyx
        Bounding box in the image of the region (the whole image without one), or of what a coarse pass left in doubt.
    shape : tuple of int, zyx
        Shape of the whole image.
    has_background : bool
        Channel 0 is the background (softmax over all channels). Otherwise every channel is a foreground, relative to
        a background logit of 0; with one channel that is the sigmoid.
    windows_run, windows_total : int
        Windows that the network saw, and windows that cover the whole image.
    notes : tuple of str
        What went otherwise than planned.
    answered : ndarray of bool, zyx, on ``box``, or None
        Voxels whose logits are those of all windows; the others say background. None: all voxels of the box.
    """

    logits: torch.Tensor
    box: Box
    shape: Triple
    has_background: bool
    windows_run: int
    windows_total: int
    notes: tuple[str, ...] = ()
    answered: np.ndarray | None = None

    @classmethod
    def nothing(cls, grid: WindowGrid, windows_run: int = 0, notes: tuple[str, ...] = ()) -> WindowedResult:
        """Return background everywhere: the region was empty, or a coarse pass left no doubt."""
        return cls(torch.zeros((1, 0, 0, 0)), (slice(0, 0),) * 3, grid.shape, False, windows_run, grid.total, notes)

    def probability(self, label: int | None = None) -> torch.Tensor:
        """Probability of ``label``, or of any foreground, on ``box``: (z, y, x), float32."""
        values = torch.empty(self.logits.shape[1:], device=self.logits.device)
        for slab, logits in self._slabs():
            if label is None:
                values[slab] = torch.sigmoid(torch.logsumexp(logits[1:], dim=0) - logits[0])
            else:
                values[slab] = torch.softmax(logits, dim=0)[label]
        return values

    def labels(self) -> torch.Tensor:
        """Most probable label on ``box``: (z, y, x), uint8; the lower label where two are equally probable."""
        values = torch.empty(self.logits.shape[1:], dtype=torch.uint8, device=self.logits.device)
        for slab, logits in self._slabs():
            values[slab] = logits.argmax(dim=0)
        return values

    def whole(self, values: torch.Tensor, fill: float = 0) -> np.ndarray:
        """Put ``values`` of ``box``, (..., z, y, x), into an array of the whole image's shape filled with ``fill``."""
        values = values.cpu().numpy()
        if values.shape[-3:] == self.shape:
            return values
        array = np.full((*values.shape[:-3], *self.shape), fill, dtype=values.dtype)
        array[(..., *self.box)] = values
        return array

    def set_background(self, where: np.ndarray) -> None:
        """Make the voxels ``where`` (bool, zyx, on ``box``) background, in place."""
        where = torch.from_numpy(where).to(self.logits.device)
        first = 0
        if self.has_background:
            self.logits[0].masked_fill_(where, 0.0)
            first = 1
        self.logits[first:].masked_fill_(where, NEVER)

    def _slabs(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Give z ranges with the logits in them, background first: (K, slices, y, x)."""
        for start in range(0, self.logits.shape[1], SLAB):
            slab = slice(start, start + SLAB)
            logits = self.logits[:, slab]
            if not self.has_background:
                logits = torch.cat([torch.zeros_like(logits[:1]), logits])
            yield slab, logits
