"""Volumes: voxels with their geometry, read from and written to files."""

from .checks import same_grid_or_raise
from .files import atomic_path, check_writable, write_json, write_text
from .grid import Grid
from .image import Volume
from .reading import read_ct, read_mask, read_volume
from .terminology import LUNG_TUMOR, LUNGS, SegmentStyle
from .writing import check_mask_path, mask_suffixes, write_mask, write_volume

__all__ = [
    "LUNGS",
    "LUNG_TUMOR",
    "Grid",
    "SegmentStyle",
    "Volume",
    "atomic_path",
    "check_mask_path",
    "check_writable",
    "mask_suffixes",
    "read_ct",
    "read_mask",
    "read_volume",
    "same_grid_or_raise",
    "write_json",
    "write_mask",
    "write_text",
    "write_volume",
]
