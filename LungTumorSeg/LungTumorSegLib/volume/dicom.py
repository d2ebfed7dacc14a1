"""A DICOM folder to one CT volume in HU."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import InputError
from .conversion import voxels_of
from .dicom_headers import Slice, find_slices, is_dicom_file
from .dicom_stack import order_slices, stack_grid
from .files import is_utf8
from .image import Volume
from .imagefile import itk_warnings_off

__all__ = ["is_dicom_file", "read_series"]

log = logging.getLogger(__name__)

MAX_ORIENTATION_DIFFERENCE = 1e-4


def read_series(
    folder: str | Path,
    series: int | None = None,
    containing: Path | None = None,
    drawn_on: Collection[str] = (),
) -> Volume:
    """Read one CT series of a folder and its subfolders.

    The series with the most slices is taken, one in axial slices before reformatted ones; further series are logged.
    Slices are sorted by their position along the normal, whatever the files are called, and each is rescaled by its
    own slope and intercept.

    Parameters
    ----------
    folder : str or Path
        Whatever else it holds is passed over.
    series : int, optional
        Another series, counted from 1 in the order that is logged.
    containing : Path, optional
        The series that this file belongs to.
    drawn_on : collection of str, optional
        Identifiers of series or frames of reference that an annotation names; the series must be one of them.

    Returns
    -------
    Volume
        HU, zyx; int32, or float32 where a slope or intercept has decimals. Slices follow each other along the normal.

    Raises
    ------
    InputError
        No CT; several patients; no such series; slices missing, doubled, irregular, tilted or unlike each other; an
        encoding that cannot be read.
    """
    folder = Path(folder)
    slices, incomplete = find_slices(folder)
    groups = _drawn_on(_group(slices), drawn_on, folder)
    chosen = _choose(groups, series, containing, folder) if groups else []
    if not chosen or chosen[0].series in incomplete:
        raise InputError("a CT slice lacks its position, spacing or size", folder, "export the series again")
    ordered = order_slices(chosen, folder)
    return Volume(_read_voxels(ordered, folder), stack_grid(ordered))


def _group(slices: list[Slice]) -> list[list[Slice]]:
    """Part slices by series, frame of reference and orientation; the most likely chest CT comes first."""
    groups: list[list[Slice]] = []
    for found in slices:
        group = next((group for group in groups if _belong_together(group[0], found)), None)
        if group is None:
            groups.append(group := [])
        group.append(found)

    def rank(group: list[Slice]) -> tuple:
        axial = abs(group[0].normal[2]) > np.sqrt(0.5)
        return not axial, -len(group), group[0].series_number, group[0].series

    return sorted(groups, key=rank)


def _belong_together(a: Slice, b: Slice) -> bool:
    turned = np.abs(a.orientation - b.orientation).max()
    same_series = (a.series, a.frame_of_reference) == (b.series, b.frame_of_reference)
    return same_series and turned <= MAX_ORIENTATION_DIFFERENCE


def _drawn_on(groups: list[list[Slice]], identifiers: Collection[str], folder: Path) -> list[list[Slice]]:
    """Keep the series that an annotation names, or else those in its frame of reference."""
    if not identifiers or not groups:
        return groups
    for keep in (lambda found: found.series, lambda found: found.frame_of_reference):
        if named := [group for group in groups if keep(group[0]) in identifiers]:
            return named
    raise InputError("its annotation was drawn on a CT that is not here", folder, "add that CT, or correct the mask")


def _choose(groups: list[list[Slice]], series: int | None, containing: Path | None, folder: Path) -> list[Slice]:
    if containing is not None:
        group = next((g for g in groups if any(found.path.samefile(containing) for found in g)), None)
        if group is None:
            raise InputError("is not a CT slice", containing, "give the CT's folder or one of its slices")
        return group
    number = 1 if series is None else series
    if not 1 <= number <= len(groups):
        raise InputError(f"has no CT series {number}", folder, f"choose from 1 to {len(groups)}")
    _log_choice(groups, number)
    return groups[number - 1]


def _log_choice(groups: list[list[Slice]], number: int) -> None:
    """Tell which series there are, by what identifies nobody."""
    if len(groups) == 1:
        return
    for index, group in enumerate(groups, start=1):
        taken = " (taken)" if index == number else ""
        columns, rows = group[0].size
        shown = f"{len(group)} slices of {columns} x {rows}, the scanner's number {group[0].series_number}"
        log.info("CT series %d of %d%s: %s", index, len(groups), taken, shown)
    if sum(group[0].series == groups[number - 1][0].series for group in groups) > 1:
        log.warning("the CT series taken has further slices in another orientation or frame of reference: left out")


def _read_voxels(slices: list[Slice], folder: Path) -> np.ndarray:
    """Decode and rescale ordered slices to HU, zyx."""
    import SimpleITK as sitk

    if not all(is_utf8(found.path) for found in slices):
        raise InputError("holds CT slices whose names are not in UTF-8", folder, "rename the files")
    whole = all(number.is_integer() for found in slices for number in found.rescale)
    reader = sitk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetOutputPixelType(sitk.sitkInt32 if whole else sitk.sitkFloat32)
    reader.SetFileNames([str(found.path) for found in slices])
    try:
        with itk_warnings_off():
            array = voxels_of(reader.Execute())
    except RuntimeError as error:
        raise InputError(
            f"the voxels cannot be read ({', '.join(sorted({found.transfer_syntax for found in slices}))}); "
            "a file is damaged, or its compression is not known here",
            folder,
            "copy or export it again, uncompressed",
        ) from error
    return array


def list_series(folder: str | Path) -> list[list[Path]]:
    """Return the files of each CT series of a folder and its subfolders, in the order in which `read_series` counts.

    Raises
    ------
    InputError
        No CT, or several patients.
    """
    slices, _ = find_slices(Path(folder))
    return [[found.path for found in group] for group in _group(slices)]
