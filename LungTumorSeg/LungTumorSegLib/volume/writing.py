"""Write a mask or a volume on exactly its grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from .conversion import to_sitk
from .files import atomic_path, full_suffix
from .image import Volume
from .imagefile import itk_warnings_off, stored_voxels_of
from .integrity import DamagedError, check_voxels
from .segments import segment_fields
from .terminology import LUNG_TUMOR, SegmentStyle, style_of

mask_suffixes = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha")
volume_suffixes = (".nii.gz", ".nii", ".nrrd", ".mha")


def write_mask(path: str | Path, mask: Volume, names: Mapping[int, str | SegmentStyle] | None = None) -> None:
    """Write a label map, compressed, whole or not at all.

    Parameters
    ----------
    path : str or Path
        A file in ``.seg.nrrd`` (opens in 3D Slicer as a segmentation), ``.nii.gz``, ``.nii``, ``.nrrd`` or ``.mha``.
    mask : Volume
        Whole numbers from 0 to 65535 or booleans; stored as uint8 where that is enough, else as uint16.
    names : mapping of int to str or SegmentStyle, optional
        What each label is; only ``.seg.nrrd`` can tell. A string is looked up by `style_of`. By default label 1 is
        `LUNG_TUMOR`, and further labels are numbered.

    Raises
    ------
    InputError
        A suffix of no such format, or a place that cannot be written (`LungTumorSegLib.volume.files.atomic_path`).
    ValueError
        Values that are not labels.
    """
    suffix = _known_suffix(path, mask_suffixes)
    mask = mask.with_array(_as_labels(mask.array))
    _write(path, mask, _segmentation_fields(mask, names) if suffix == ".seg.nrrd" else {})


def write_volume(path: str | Path, volume: Volume) -> None:
    """Write a volume (HU, say), compressed, in its own type; suffixes ``.nii.gz``, ``.nii``, ``.nrrd``, ``.mha``.

    Errors are those of `write_mask`.
    """
    _known_suffix(path, volume_suffixes)
    _write(path, volume, {})


def check_mask_path(path: str | Path) -> None:
    """Raise `InputError` if `write_mask` does not write the format that ``path`` names."""
    _known_suffix(path, mask_suffixes)


def _known_suffix(path: str | Path, known: tuple[str, ...]) -> str:
    suffix = full_suffix(path)
    if suffix not in known:
        raise InputError("has a suffix of no format written here", path, f"use one of {', '.join(known)}")
    return suffix


def _as_labels(array: np.ndarray) -> np.ndarray:
    labels = array if array.dtype.kind in "bu" else array.astype(np.int64)
    if labels is not array and not np.array_equal(labels, array):
        raise ValueError("a mask holds whole numbers")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise ValueError(f"a mask holds labels from 0 to 65535, not {low} to {high}")
    return labels.astype(np.uint8 if high <= 255 else np.uint16, copy=False)


def _segmentation_fields(mask: Volume, names: Mapping[int, str | SegmentStyle] | None) -> dict[str, str]:
    """Return the header of a segmentation with each label that is named or present; label 1 of an empty mask."""
    from scipy.ndimage import find_objects

    boxes = {label: box for label, box in enumerate(find_objects(mask.array), start=1) if box is not None}
    styles = {label: replace(LUNG_TUMOR, name=f"{LUNG_TUMOR.name} {label}") for label in boxes}
    for label, style in (names or {1: LUNG_TUMOR}).items():
        styles[label] = style if isinstance(style, SegmentStyle) else style_of(style)
    return segment_fields(boxes, mask.grid, styles)


def _write(path: str | Path, volume: Volume, fields: Mapping[str, str]) -> None:
    import SimpleITK as sitk

    image = to_sitk(volume)
    for key, value in fields.items():
        image.SetMetaData(key, value)
    with atomic_path(path) as temporary:
        try:
            with itk_warnings_off():
                sitk.WriteImage(image, str(temporary), useCompression=True)
            stored = stored_voxels_of(temporary)
            if stored is not None:
                check_voxels(stored, sitk.GetArrayViewFromImage(image))
        except (RuntimeError, DamagedError, InputError) as error:
            raise InputError(
                "could not be written whole", path, "see that the disk has room and the folder can be written"
            ) from error
