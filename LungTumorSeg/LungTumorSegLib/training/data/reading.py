"""Read the images of one case from whatever its data set keeps them in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputError
from ...volume import Volume, same_grid_or_raise
from ...volume.npz import read_npz_mask
from ...volume.reading import read_ct, read_mask
from ...volume.regions import Regions, choose_regions, sop_class_of
from .cache import read_scan
from .case_files import CaseFiles
from .case_images import CaseImages

CACHED = ".h5"  # a case of a training cache


def read_case(files: CaseFiles) -> CaseImages:
    """Read a case.

    Raises
    ------
    InputError
        Names the file that cannot be used.
    """
    if files.ct.suffix == CACHED:
        return read_scan(files.ct)
    regions = read_case_regions(files)
    ct = read_ct(files.ct, drawn_on=regions.drawn_on if regions and files.ct.is_dir() else ())
    mask = regions.label_map(ct.grid) if regions else _read_mask(files.mask, ct, files) if files.mask else None
    ignored = [_read_mask(path, ct, files).array > 0 for path in files.ignore]
    if mask is not None and files.ignore_value is not None:
        ignored.append(mask.array == files.ignore_value)
        mask = mask.with_array(np.where(ignored[-1], 0, mask.array))
    searched_for = frozenset(files.annotation.rois) if regions else None
    return CaseImages(ct, mask, np.any(ignored, axis=0) if ignored else None, searched_for)


def read_case_regions(files: CaseFiles) -> Regions | None:
    """Choose the tumour's regions where a case's mask is DICOM (a file, or a folder with one); None where it is not.

    Raises
    ------
    InputError
        No region has a name for the tumour.
    """
    if files.mask is None or not (files.mask.is_dir() or sop_class_of(files.mask)):
        return None
    return choose_regions(files.mask, files.annotation.rois)


def has_tumor(files: CaseFiles) -> bool:
    """Tell whether a case's mask marks any voxel, as cheaply as its kind allows."""
    if files.mask is None or files.ct.suffix == CACHED:  # a cache names a mask only where it marks something
        return files.mask is not None
    if read_case_regions(files) is not None or files.mask.suffix == ".npz":
        mask = read_case(files).mask
        return bool(mask.array.any())
    labels = read_mask(files.mask).array
    return bool(((labels > 0) & (labels != files.ignore_value)).any())


def _read_mask(path: Path, ct: Volume, files: CaseFiles) -> Volume:
    if path.suffix.lower() == ".npz":
        if not path.is_file():
            raise InputError("there is no such file", path, "check the path")
        return read_npz_mask(path, ct, files.annotation.npz_flip)
    mask = read_mask(path, ct=ct)
    same_grid_or_raise(mask, ct, path)
    return mask
