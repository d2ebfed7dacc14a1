"""The class of a CT's lesions: the network's head, asked once about each lesion that was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from ..inference.device import DeviceChoice
from ..inference.sliding_window import SlidingWindow, ready
from ..preparation import PreparedCT
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

    Returns
    -------
    Classification
        Probabilities are the lesions' own, averaged by their numbers of voxels.
    """
    names = tuple(recipe.classification.names[k] for k in sorted(recipe.classification.names))
    lesions = list(_lesions(mask, prepared, recipe.lesions))
    if not lesions:
        return Classification(names)
    with ready(network, device):
        chances = [
            network.classify(_about(image, centre, window).to(device.device)).float().softmax(1)[0].cpu()
            for centre, _ in lesions
        ]
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


def _about(image: torch.Tensor, centre: np.ndarray, window: SlidingWindow) -> torch.Tensor:
    """Cut the window about a voxel, inside the image where that is large enough: (1, C, *window)."""
    size, whole = np.array(window.window_zyx), np.array(image.shape[1:])
    corner = np.clip(centre - size // 2, 0, np.maximum(0, whole - size))
    inside = [slice(int(a), int(b)) for a, b in zip(corner, np.minimum(corner + size, whole), strict=True)]
    part = image[(slice(None), *inside)][None].float()
    missing = size - np.array(part.shape[2:])
    around = [int(n) for short in reversed(missing) for n in (short // 2, short - short // 2)]
    if not any(around):
        return part
    if window.padding_value is None:
        return F.pad(part, around, mode="replicate")
    values = np.broadcast_to(window.padding_value, part.shape[1])
    channels = zip(part.split(1, dim=1), values.tolist(), strict=True)
    return torch.cat([F.pad(channel, around, value=value) for channel, value in channels], dim=1)
