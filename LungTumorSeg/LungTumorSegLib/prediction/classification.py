"""The class of a CT's lesions: the network's head, asked once about each lesion that was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..inference.device import DeviceChoice
from ..inference.sliding_window import SlidingWindow, ready
from ..inference.tiles import cut, memory_format
from ..inference.windows import WindowGrid
from ..preparation import PreparedCT
from ..progress import Progress, silent
from ..recipe.schema import Recipe

MOST_LESIONS = 8  # that are asked about, the largest


@dataclass(frozen=True)
class Classification:
    """Which class the lesions are of.

    Attributes
    ----------
    names : tuple of str
        Of the classes, from 0.
    probabilities : tuple of float
        Of each class; empty where no lesion was found.
    lesions : int
        How many were asked about.
    """

    names: tuple[str, ...]
    probabilities: tuple[float, ...] = ()
    lesions: int = 0

    @property
    def subtype(self) -> int | None:
        """The most probable class; None where no lesion was found."""
        return int(np.argmax(self.probabilities)) if self.probabilities else None

    def as_dict(self) -> dict:
        """Return the report's ``classification``: ``subtype``, ``name``, ``probabilities`` by name, ``lesions``."""
        return {
            "subtype": self.subtype,
            "name": None if self.subtype is None else self.names[self.subtype],
            "probabilities": {
                name: round(value, 4) for name, value in zip(self.names, self.probabilities, strict=False)
            },
            "lesions": self.lesions,
        }


def classify_lesions(
    network: torch.nn.Module,
    image: torch.Tensor,
    mask: np.ndarray,
    prepared: PreparedCT,
    recipe: Recipe,
    window: SlidingWindow,
    device: DeviceChoice,
    progress: Progress = silent,
) -> Classification:
    """Ask the head about a window about each lesion, as it saw patches in training.

    Parameters
    ----------
    network : torch.nn.Module
        With a method ``classify``.
    image : Tensor of shape (C, z, y, x)
        What the network sees, on the prepared grid.
    mask : ndarray of uint8
        Labels on the CT's own grid, axes as the CT's.
    prepared : PreparedCT
    recipe : Recipe
    window : SlidingWindow
        Its size, and what stands beyond the image.
    device : DeviceChoice
    progress : callable
        Called as ``progress("postprocessing", fraction)`` before each lesion.

    Returns
    -------
    Classification
        Probabilities are the lesions' own, averaged by their numbers of voxels.
    """
    names = tuple(recipe.classification.names[k] for k in sorted(recipe.classification.names))
    lesions = list(_lesions(mask, prepared, recipe.lesions))
    if not lesions:
        return Classification(names)
    chances = []
    with ready(network, device):
        for centre, _ in lesions:
            progress("postprocessing", len(chances) / len(lesions))
            tile = _about(image, centre, window, device, memory_format(network, device))
            chances.append(network.classify(tile).float().softmax(1)[0].cpu())
    weights = torch.tensor([float(voxels) for _, voxels in lesions])
    mean = (torch.stack(chances) * weights[:, None]).sum(0) / weights.sum()
    return Classification(names, tuple(mean.tolist()), len(lesions))


def _lesions(mask: np.ndarray, prepared: PreparedCT, labels: Sequence[int]) -> Iterator[tuple[np.ndarray, int]]:
    """Give middle (voxel of the prepared grid, zyx) and number of voxels of each lesion, the largest first."""
    import cc3d

    share = prepared.grid_map.forward(np.isin(mask, labels))
    if not share.any():
        return
    marked = share >= min(0.5, float(share.max()))  # one that is smaller than a voxel there is its fullest voxel
    components = cc3d.connected_components(marked.astype(np.uint8), connectivity=26)
    statistics = cc3d.statistics(components)
    voxels = statistics["voxel_counts"].tolist()
    for k in sorted(range(1, len(voxels)), key=voxels.__getitem__, reverse=True)[:MOST_LESIONS]:
        box = statistics["bounding_boxes"][k]
        yield np.array([(side.start + side.stop) // 2 for side in box]), voxels[k]


def _about(
    image: torch.Tensor,
    centre: np.ndarray,
    window: SlidingWindow,
    device: DeviceChoice,
    layout: torch.memory_format,
) -> torch.Tensor:
    """Cut the window about a voxel, inside the image where that is large enough: (1, C, *window)."""
    shape = tuple(image.shape[1:])
    starts = [
        (min(max(int(middle) - size // 2, 0), n - size) if n > size else -((size - n) // 2),)
        for middle, size, n in zip(centre, window.window_zyx, shape, strict=True)
    ]
    grid = WindowGrid(shape, window.window_zyx, tuple(starts))
    return cut(image, grid.windows(), grid, device, window.padding_value, layout)
