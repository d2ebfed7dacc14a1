"""The separate lesions of a tumour mask."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from ..volume import Grid, Volume
from ..volume.boxes import Box, bounding_box, inside

T = TypeVar("T")

CONNECTIVITY = 26
"""Voxels that share a face, an edge or a corner belong to one lesion."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """One connected component of a mask (or all of an organ, see `as_one`), cut out to its bounding box.

    Parameters
    ----------
    voxels : Volume
        Boolean array (zyx) of the bounding box, True in the lesion, on the box's own grid.
    corner : tuple of int, xyz
        Index, in the whole mask, of the box's first voxel.
    count : int
        Number of voxels of the lesion.
    """

    voxels: Volume
    corner: tuple[int, int, int]
    count: int
    _remembered: dict[str, object] = field(default_factory=dict, init=False, repr=False)

    def remembered(self, name: str, measure: Callable[[Lesion], T]) -> T:
        """Return what ``measure`` says of this lesion, asked only once; ``name`` tells measures apart."""
        if name not in self._remembered:
            self._remembered[name] = measure(self)
        return self._remembered[name]

    @property
    def box(self) -> Box:
        """Slices (zyx) that cut the box out of an array on the whole mask's grid."""
        return tuple(slice(c, c + n) for c, n in zip(self.corner[::-1], self.voxels.grid.shape, strict=True))

    @property
    def volume_ml(self) -> float:
        """Number of voxels times the volume of one, in mL."""
        return self.count * self.voxels.grid.voxel_ml

    @cached_property
    def centroid(self) -> np.ndarray:
        """Mean of the voxel centres, LPS mm."""
        return self.voxels.grid.to_physical(np.argwhere(self.voxels.array)[:, ::-1].mean(axis=0))

    def holds(self, voxel_zyx: tuple[int, int, int]) -> bool:
        """Tell whether the voxel of this index (zyx) in the whole mask is one of the lesion's."""
        index = np.array(voxel_zyx) - self.corner[::-1]
        inside_box = (index >= 0).all() and (index < self.voxels.grid.shape).all()
        return bool(inside_box and self.voxels.array[tuple(index)])

    def values(self, array: np.ndarray, part: Box | None = None) -> np.ndarray:
        """Take the lesion's voxels (1D) out of ``array`` (zyx), which lies on the mask's whole grid or on ``part``."""
        return array[self.box if part is None else inside(self.box, part)][self.voxels.array]


def crop(volume: Volume, box: Box) -> Volume:
    """Cut ``box`` (zyx) out of a volume; every voxel keeps its place in the patient."""
    corner = tuple(part.start for part in box)[::-1]
    array = volume.array[box]
    grid = Grid(array.shape[::-1], volume.grid.spacing, volume.grid.to_physical(corner), volume.grid.direction)
    return Volume(array, grid)


def find_lesions(mask: Volume, labels: Collection[int] | None = None) -> list[Lesion]:
    """Split a mask into its connected components, the largest first.

    Parameters
    ----------
    mask : Volume
        Any number type; 0 is background.
    labels : collection of int, optional
        The labels that are lesions, each by itself: where two of them touch there are two lesions. Without it every
        voxel that is not 0 is of a lesion, whatever its label.

    Returns
    -------
    list of Lesion
        Sorted by volume; equal ones from the patient's right to left, front to back, feet to head.
    """
    box = bounding_box(mask.array)
    part = crop(mask, box)
    if part.array.size == 0:
        return []
    wanted = [part.array != 0] if labels is None else [part.array == label for label in labels]
    corner = np.array([side.start for side in box])
    lesions = [lesion for inside in wanted for lesion in _components(part.with_array(inside), corner)]
    return sorted(lesions, key=lambda lesion: (-lesion.count, *np.round(lesion.centroid, 6)))


def as_one(mask: Volume, labels: Collection[int]) -> list[Lesion]:
    """Return all voxels of some labels together, as a single region; nothing where there are none.

    An organ is one whole, however many specks there are beside it.
    """
    box = bounding_box(mask.array)
    part = crop(mask, box)
    inside = np.isin(part.array, list(labels))
    count = int(np.count_nonzero(inside))
    if count == 0:
        return []
    return [Lesion(part.with_array(inside), tuple(side.start for side in reversed(box)), count)]


def _components(inside: Volume, corner_zyx: np.ndarray) -> list[Lesion]:
    """Find the connected components of a boolean mask that begins at ``corner_zyx`` of the whole one."""
    import cc3d

    # As bytes: of Boolean arrays cc3d 4.1 refuses some tiny ones, such as (1, 0, 1).
    numbers = cc3d.connected_components(np.ascontiguousarray(inside.array).astype(np.uint8), connectivity=CONNECTIVITY)
    statistics = cc3d.statistics(numbers)
    lesions = []
    for number in range(1, len(statistics["voxel_counts"])):
        inner = tuple(slice(int(side.start), int(side.stop)) for side in statistics["bounding_boxes"][number])
        part = crop(inside.with_array(numbers), inner)
        corner = corner_zyx + [side.start for side in inner]
        count = int(statistics["voxel_counts"][number])
        lesions.append(Lesion(part.with_array(part.array == number), tuple(int(c) for c in corner[::-1]), count))
    return lesions
