"""Volumes: voxels with their geometry, read from and written to files."""

from .grid import Grid
from .image import Volume

__all__ = ["Grid", "Volume"]
