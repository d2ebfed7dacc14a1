"""Read a CT or a mask from a file or a DICOM folder, checked for what the work needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from .checks import check_finite, check_grid, check_hounsfield
from .conversion import from_sitk, grid_of
from .dicom_headers import is_dicom_file
from .files import full_suffix
from .image import Volume
from .imagefile import existing_path, read_image
from .placement import place_on_grid
from .segments import LABELMAP, Segment, read_segments, reference_grid


def read_ct(path: str | Path, series: int | None = None, drawn_on: Collection[str] = ()) -> Volume:
    """Read a chest CT.

    Parameters
    ----------
    path : str or Path
        NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr), MetaImage (.mha, .mhd), a folder with a DICOM series among whatever
        else, or one DICOM file of it.
    series : int, optional
        Which CT series of a DICOM folder, counted from 1 in the order that is logged; the first by default. A file
        takes none.
    drawn_on : collection of str, optional
        Identifiers of the series, or frames of reference, that an annotation names
        (`LungTumorSegLib.volume.regions.Regions.drawn_on`): of a DICOM folder the series that it was drawn on is read.

    Returns
    -------
    Volume
        HU, zyx, on exactly the file's grid; int16 where every value is a whole number, else float32.

    Raises
    ------
    InputError
        Nothing there, not an image, damaged, not a plausible 3D grid, NaN or infinite, or not in HU (the rule is in
        `LungTumorSegLib.volume.checks.check_hounsfield`).
    """
    volume = read_volume(path, series, drawn_on)
    check_hounsfield(volume.array, path)
    return volume.with_array(_as_hounsfield(volume.array))


def read_volume(path: str | Path, series: int | None = None, drawn_on: Collection[str] = ()) -> Volume:
    """Read a scalar volume without asking whether it is a CT; else as `read_ct`, in the type that is stored."""
    from .dicom import read_series

    path = existing_path(path)
    if series is not None and not path.is_dir():
        do = "give that folder, or leave the series away"
        raise InputError("is a file, and a series is chosen from a DICOM folder", path, do)
    if path.is_dir():
        volume = read_series(path, series, drawn_on=drawn_on)
    elif is_dicom_file(path):
        volume = read_series(path.parent, containing=path)
    else:
        volume = from_sitk(read_image(path))
    check_grid(volume.grid, path)
    check_finite(volume.array, path)
    return volume


def read_mask(path: str | Path, segment: str | None = None, ct: Volume | None = None) -> Volume:
    """Read a label map.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD or MetaImage file with whole numbers, or a segmentation of 3D Slicer (``.seg.nrrd``). With its CT
        also a DICOM SEG, an RTSTRUCT, or an ``.npz`` (`LungTumorSegLib.volume.npz.read_npz_mask`).
    segment : str, optional
        Only this segment of a segmentation, or ROI of an RTSTRUCT, as label 1.
    ct : Volume, optional
        The CT that the mask belongs to; files that do not lie on a grid of their own are brought to the CT's.

    Returns
    -------
    Volume
        Labels as uint8, or uint16 where one is above 255. The segments of a segmentation are 1, 2, … in their order,
        on the grid that the segmentation was made on, also where Slicer stored only a part of it.

    Raises
    ------
    InputError
        As in `read_volume`; values that are not whole numbers from 0 to 65535; overlapping segments, where none is
        chosen.
    """
    path = existing_path(path)
    if path.is_dir():
        raise InputError("is a folder, not a mask", path, "give a mask in .seg.nrrd, .nii.gz, .nrrd or .mha")
    if full_suffix(path) == ".npz" or is_dicom_file(path):
        return _read_on_ct(path, segment, ct)
    image = read_image(path, components=True)
    fields = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    try:
        segments = read_segments(fields)
    except ValueError as error:
        raise InputError("has a damaged segmentation header", path, "save it again from 3D Slicer") from error
    if segments:
        return _read_segmentation(image, fields, segments, segment, path)
    if segment is not None:
        raise InputError("has no named segments", path, "leave the segment's name away")
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError("has several numbers a voxel, as a colour image has", path, "give a label map")
    mask = from_sitk(image)
    check_grid(mask.grid, path)
    return mask.with_array(_as_labels(mask.array, path))


def _read_on_ct(path: Path, segment: str | None, ct: Volume | None) -> Volume:
    """Read a mask that means nothing without its CT."""
    from .npz import read_npz_mask
    from .regions import read_regions

    if ct is None:
        raise InputError("does not say on which voxels it lies", path, "give its CT as well, or save it as .nii.gz")
    if full_suffix(path) == ".npz":
        if segment is not None:
            raise InputError("has no named segments", path, "leave the segment's name away")
        return read_npz_mask(path, ct)
    regions = read_regions(path)
    chosen = [number for number, name in enumerate(regions.names) if segment in (None, name)]
    if not chosen:
        raise _no_segment(segment, regions.names, path)
    labels = np.zeros(ct.array.shape, dtype=np.uint8 if len(chosen) <= 255 else np.uint16)
    for label, number in enumerate(chosen, start=1):
        inside = regions.inside(number, ct.grid)
        _refuse_overlap(labels[inside], [regions.names[k] for k in chosen], label, path)
        labels[inside] = label
    return ct.with_array(labels)


def _as_hounsfield(array: np.ndarray) -> np.ndarray:
    """Convert values within int16's range (zyx) to int16 where that loses nothing, else to float32."""
    if array.dtype.kind == "f" and not all(np.array_equal(plane, np.rint(plane)) for plane in array):
        return array.astype(np.float32, copy=False)
    return array.astype(np.int16, copy=False)


def _as_labels(array: np.ndarray, path: Path) -> np.ndarray:
    check_finite(array, path)
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise InputError(f"is not a mask: its values run from {low:g} to {high:g}", path, "give a label map")
    if array.dtype.kind == "f" and not all(np.array_equal(plane, np.rint(plane)) for plane in array):
        raise InputError("is not a mask: its values are not whole numbers", path, "threshold it first")
    return array.astype(np.uint8 if high <= 255 else np.uint16, copy=False)


def _read_segmentation(image, fields: dict[str, str], segments: list[Segment], name: str | None, path: Path) -> Volume:
    import SimpleITK as sitk

    if fields.get("Segmentation_MasterRepresentation", LABELMAP) != LABELMAP:
        raise InputError("is not a segmentation by binary label maps", path, "save it as such from 3D Slicer")
    chosen = [segment for segment in segments if name in (None, segment.name)]
    if not chosen:
        raise _no_segment(name, [segment.name for segment in segments], path)
    layers = sitk.GetArrayViewFromImage(image)
    layers = layers if layers.ndim == 4 else layers[..., np.newaxis]
    if max(segment.layer for segment in chosen) >= layers.shape[3]:
        raise InputError("has a damaged header: it names more layers than it holds", path, "save it again")
    mask = Volume(_merge(layers, chosen, path), grid_of(image))
    # Undo Slicer's cropping, unless the segmentation was oversampled or reaches beyond its reference.
    reference = reference_grid(fields, mask.grid)
    mask = (reference and place_on_grid(mask, reference)) or mask
    check_grid(mask.grid, path)
    return mask


def _merge(layers: np.ndarray, segments: list[Segment], path: Path) -> np.ndarray:
    """Number the segments of ``layers`` (zyx and layer) from 1 in one label map (zyx)."""
    labels = np.zeros(layers.shape[:3], dtype=np.uint8 if len(segments) <= 255 else np.uint16)
    for label, segment in enumerate(segments, start=1):
        inside = layers[..., segment.layer] == segment.label
        _refuse_overlap(labels[inside], [segment.name for segment in segments], label, path)
        labels[inside] = label
    return labels


def _no_segment(name: str | None, known: Sequence[str], path: Path) -> InputError:
    return InputError(f"has no segment {name!r}", path, f"choose one of {', '.join(map(repr, known))}")


def _refuse_overlap(taken: np.ndarray, names: Sequence[str], label: int, path: Path) -> None:
    """Raise `InputError` if voxels of segment ``label`` (from 1) are ``taken`` by an earlier one."""
    other = int(taken.max(initial=0))
    if other:
        raise InputError(
            f"its segments {names[other - 1]!r} and {names[label - 1]!r} overlap", path, "choose one by name"
        )
