"""Flip, rotation, zoom, shift and elastic deformation, composed into one resampling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ....recipe.schema import Augmentation
from ....volume.boxes import Box, bounding_box
from ..patch import Patch, ShapeZYX
from .splines import random_displacement

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Deformation:
    """Where each voxel of a patch comes from.

    The voxel at offset ``o`` from the patch's centre comes from offset ``matrix @ o + shift + displacement[o]`` from
    the source's centre; then the patch is flipped. All in voxels, zyx.

    Attributes
    ----------
    shape : tuple of int, zyx
        Of the patch that comes out.
    matrix : ndarray of shape (3, 3)
    shift : ndarray of shape (3,)
    displacement : ndarray of shape (3, z, y, x), float32, or None
    flips : tuple of bool, zyx
    """

    shape: ShapeZYX
    matrix: np.ndarray
    shift: np.ndarray
    displacement: np.ndarray | None = None
    flips: tuple[bool, bool, bool] = (False, False, False)

    @property
    def resamples(self) -> bool:
        """Whether there is more to do than to flip."""
        still = np.array_equal(self.matrix, np.eye(3)) and not self.shift.any()
        return not still or self.displacement is not None

    @cached_property
    def farthest(self) -> np.ndarray:
        """Largest displacement along each axis, shape (3,), zyx."""
        return np.zeros(3) if self.displacement is None else np.abs(self.displacement).max(axis=(1, 2, 3))

    @property
    def margin(self) -> ShapeZYX:
        """Voxels that the source must have beyond the patch on both sides of each axis, zyx; at most the patch's own.

        What would come from farther away is not worth the memory.
        """
        if not self.resamples:
            return (0, 0, 0)
        half = (np.array(self.shape) - 1) / 2
        reach = np.abs(self.matrix) @ half + np.abs(self.shift) + self.farthest
        beyond = np.ceil(reach - half - 1e-6).astype(int)
        return tuple(int(n) for n in np.clip(beyond, 0, self.shape))

    def apply(self, patch: Patch) -> Patch:
        """Take the patch out of ``patch``, which shares its centre and is larger by `margin`.

        HU are interpolated linearly; a label is that of the nearest voxel, so that none appears which was not there.
        Beyond a source that is too small its outermost voxels are repeated.
        """
        hu, label = self._resample(patch) if self.resamples else (patch.hu, patch.label)
        view = tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
        return Patch(np.ascontiguousarray(hu[view]), np.ascontiguousarray(label[view]), patch.subtype)

    def _resample(self, patch: Patch) -> tuple[np.ndarray, np.ndarray]:
        import torch
        from torch.nn.functional import grid_sample

        grid = torch.from_numpy(self._grid(patch.hu.shape)).permute(1, 2, 3, 0)

        def sampled(array: np.ndarray, mode: str, part: Box = (slice(None),) * 3) -> np.ndarray:
            source = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
            slabs = _slabs(grid[part], torch.get_num_threads())
            sources = source.expand(len(slabs), 1, *source.shape)
            return grid_sample(sources, slabs, mode, padding_mode="border", align_corners=True).flatten(0, 2).numpy()

        label = np.zeros(self.shape, dtype=patch.label.dtype)
        part = self._where_it_may_come(bounding_box(patch.label), patch.label.shape)
        if label[part].size:  # labels are few: most of the patch need not be looked up
            label[part] = sampled(patch.label, "nearest", part)
        return sampled(patch.hu, "bilinear"), label  # torch's name, in 3D too

    def _where_it_may_come(self, box: Box, source_shape: ShapeZYX) -> Box:
        """Part of the patch that what lies in ``box`` of the source may come to lie in, and little more."""
        low, last = np.array([(side.start, side.stop - 1) for side in box]).T
        if (last < low).any():
            return (slice(0, 0),) * 3
        if (low == 0).any() or (last == np.array(source_shape) - 1).any():
            return (slice(None),) * 3  # it may be repeated beyond the source
        shape, back = np.array(self.shape), np.linalg.inv(self.matrix)
        middle = back @ ((low + last) / 2 - (np.array(source_shape) - 1) / 2 - self.shift) + (shape - 1) / 2
        half = np.abs(back) @ ((last - low) / 2 + self.farthest + 1)
        start = np.clip(np.floor(middle - half), 0, shape).astype(int)
        stop = np.clip(np.ceil(middle + half) + 1, 0, shape).astype(int)
        return tuple(slice(int(a), max(int(a), int(b))) for a, b in zip(start, stop, strict=True))

    def _grid(self, source_shape: ShapeZYX) -> np.ndarray:
        """Give torch's sampling coordinates: shape (3, z, y, x), components xyz, -1 and 1 at the outermost centres."""
        grid = np.empty((3, *self.shape), dtype=np.float32)
        z, y, x = (np.arange(n) - (n - 1) / 2 for n in self.shape)
        for axis, size in enumerate(source_shape):
            along_z, along_y, along_x = self.matrix[axis] * (2 / max(size - 1, 1))
            shift = self.shift[axis] * (2 / max(size - 1, 1))
            plane = (along_z * z + shift)[:, None] + along_y * y
            component = grid[2 - axis]
            np.add(plane[:, :, None].astype(np.float32), (along_x * x).astype(np.float32), out=component)
            if self.displacement is not None:
                component += self.displacement[axis] * np.float32(2 / max(size - 1, 1))
        return grid


def _slabs(grid: torch.Tensor, at_most: int) -> torch.Tensor:
    """Cut coordinates (z, y, x, 3) into slabs of one thickness (slabs, z, y, x, 3), ``at_most`` so many.

    torch shares the sampling among its threads by the first axis only.
    """
    count = next(n for n in range(max(1, min(at_most, len(grid))), 0, -1) if len(grid) % n == 0)
    return grid.unflatten(0, (count, -1))


def draw_deformation(
    shape: ShapeZYX, spacing_zyx: tuple[float, float, float], settings: Augmentation, rng: np.random.Generator
) -> Deformation:
    """Draw what a recipe allows for one patch.

    An axis of one voxel (a slice) is left alone; a slice turns within its plane.

    Parameters
    ----------
    shape : tuple of int, zyx
        Of the patch that comes out.
    spacing_zyx : tuple of float, mm
    settings : Augmentation
    """
    chances = (settings.flip_other_axes, settings.flip_other_axes, settings.flip_left_right)
    flips = tuple(rng.random() < chance for chance in chances)
    spacing, flat = np.array(spacing_zyx, dtype=float), np.array(shape) == 1
    matrix, shift, displacement = np.eye(3), np.zeros(3), None
    if rng.random() < settings.affine_probability:
        zoom = 1 + rng.uniform(-1, 1) * settings.zoom
        matrix = _rotation(settings.rotation_degrees, flat, rng) * spacing / spacing[:, None] / zoom
        shift = rng.uniform(-1, 1, 3) * settings.translation * np.array(shape)
        matrix[flat], shift[flat] = np.eye(3)[flat], 0
    if rng.random() < settings.elastic_probability and settings.elastic_mm > 0:
        displacement = random_displacement(
            shape, spacing, settings.elastic_mm * rng.random(), settings.elastic_spacing_mm, rng
        )
        displacement[flat] = 0
    return Deformation(tuple(shape), matrix, shift, displacement, flips)


def _rotation(degrees: float, flat: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotation by up to ``degrees`` about any axis, or about the one that a slice is flat along."""
    from scipy.spatial.transform import Rotation

    direction = rng.standard_normal(3)
    angle = np.deg2rad(rng.uniform(-1, 1) * degrees)
    if flat.any():
        direction = flat.astype(float)
        angle *= flat.sum() == 1  # a line or a point cannot turn
    return Rotation.from_rotvec(direction / np.linalg.norm(direction) * angle).as_matrix()
