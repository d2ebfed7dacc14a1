"""The passes over an image's windows: all of them at once, or a few of them first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..progress import Progress
from ..volume.boxes import Box, bounding_box, shifted
from .blending import BlendedSum, importance_map
from .device import DeviceChoice
from .refinement import in_doubt
from .tiles import Network, answer, cut, memory_format, relative_to_background
from .windows import Window, WindowGrid

if TYPE_CHECKING:
    from .sliding_window import SlidingWindow

Watch = Callable[[BlendedSum], None]
"""Called with the sums so far, to look at them: they go on growing."""


def look_away(total: BlendedSum) -> None:
    """Watch nothing; the default."""


class Blending:
    """A network's answers to windows, being added up.

    Parameters
    ----------
    settings : SlidingWindow
    network, image, device, progress, watch
        As in `SlidingWindow.run`.
    grid : WindowGrid
        All windows over the image.
    batch_size : int
        Windows that the network is given at once.
    held_on : str
        Device of the sums.

    Attributes
    ----------
    done : int
        Windows that were computed.
    """

    def __init__(
        self,
        settings: SlidingWindow,
        network: Network,
        image: torch.Tensor,
        grid: WindowGrid,
        device: DeviceChoice,
        batch_size: int,
        held_on: str,
        progress: Progress,
        watch: Watch,
    ):
        self._settings, self._network, self._image, self._grid = settings, network, image, grid
        self._device, self._batch_size, self._held_on = device, batch_size, held_on
        self._layout = memory_format(network, device)
        self._progress, self._watch = progress, watch
        self._weights = importance_map(grid.size, settings.blending, settings.sigma_scale).to(held_on)
        self._total: BlendedSum | None = None
        self._fraction = 0.0
        self.done = 0

    def run(self, region: np.ndarray | None, box: Box) -> tuple[BlendedSum | None, np.ndarray | None]:
        """Compute what the windows say about the region (bool, zyx; None: everywhere), whose bounding box is ``box``.

        Returns
        -------
        BlendedSum or None, ndarray or None
            The sums, and the voxels (bool) of their box of which these are the sums of all windows; None for all
            voxels. No sums where a coarse pass left no doubt.
        """
        self._progress("network", 0.0)
        wanted = None if region is None else region[box]
        windows = self._grid.windows(wanted, box)
        if self._settings.coarse_overlap is None:
            self._add(windows, box, until=1.0)
            return self._total, wanted
        coarse = self._grid.thinned(self._settings.coarse_overlap).windows(wanted, box)
        # Until the doubt is known all windows may be needed.
        self._add(coarse, box, until=len(coarse) / len(windows))
        self._total.refuse_not_finite()  # NaN reaches no probability, and would pass for background
        doubt = in_doubt(self._total, wanted, self._settings.coarse_doubt, self._settings.coarse_peak)
        part = bounding_box(doubt)
        if part[0].stop == 0:
            self._progress("network", 1.0)
            return None, None
        doubt, box = doubt[part], shifted(part, box)
        self._total = self._total.part(box)
        computed = {window.first for window in coarse}
        self._add([one for one in self._grid.windows(doubt, box) if one.first not in computed], box, until=1.0)
        self._progress("network", 1.0)
        return self._total, doubt

    def _add(self, windows: Sequence[Window], box: Box, until: float) -> None:
        """Run the network over ``windows`` and add its answers to the sums; the progress comes to ``until``."""
        began = self._fraction
        for first in range(0, len(windows), self._batch_size):
            batch = windows[first : first + self._batch_size]
            tiles = cut(self._image, batch, self._grid, self._device, self._settings.padding_value, self._layout)
            output = answer(self._network, tiles, self._settings.mirror_axes)
            if self._settings.relative:
                output = relative_to_background(output)
            if self._total is None:
                self._total = BlendedSum(output.shape[1], box, self._weights, self._held_on)
            for one, window in zip(output, batch, strict=True):
                self._total.add(one, window)
            self.done += len(batch)
            self._watch(self._total)
            self._fraction = began + (until - began) * (first + len(batch)) / len(windows)
            self._progress("network", self._fraction)
