"""The CTs below a folder, and the names of what is written for each."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..volume import Volume, read_ct
from ..volume.dicom import list_series
from ..volume.dicom_headers import CT_IMAGE
from ..volume.files import full_suffix
from ..volume.imagefile import IMAGE_SUFFIXES
from ..volume.regions import sop_class_of

if TYPE_CHECKING:
    from ..recipe.schema import Recipe

logger = logging.getLogger(__name__)

_SEGMENTATION = ".seg.nrrd"
_WITH_DETACHED_VOXELS = (".nhdr", ".mhd")


@dataclass(frozen=True)
class Case:
    """One CT of a folder.

    Attributes
    ----------
    path : Path
        An image file, or a DICOM folder.
    series : int or None
        Which series of a DICOM folder that has several, as `LungTumorSegLib.volume.read_ct` counts them.
    files : tuple of Path
        All that the CT is stored in.
    name : str
        Path of its results below the output folder, without what follows the CT's own name.

    The ``kind`` of its results is that of `kind_of`.
    """

    path: Path
    series: int | None
    files: tuple[Path, ...]
    name: str

    def read(self) -> Volume:
        """Read the CT; errors as in `LungTumorSegLib.volume.read_ct`."""
        return read_ct(self.path, self.series)

    def fingerprint(self) -> str:
        """Return a checksum of the CT's files, by which the same CT is known again."""
        whole = hashlib.sha256()
        for digest in sorted(file_checksum(path) for path in self.files):
            whole.update(digest.encode())
        return whole.hexdigest()

    def mask_below(self, folder: Path, kind: str) -> Path:
        """Return where the mask is written."""
        return folder / f"{self.name}_{kind}.seg.nrrd"

    def report_below(self, folder: Path, kind: str) -> Path:
        """Return where the report is written."""
        return folder / f"{self.name}_{kind}.json"


def kind_of(recipe: Recipe) -> str:
    """Return what a mask is of, for its file's name: ``tumor`` where all labels are lesions, else ``segmentation``."""
    return "tumor" if len(recipe.lesions) == len(recipe.labels) else "segmentation"


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_cases(folder: Path, without: Path) -> list[Case]:
    """Find every CT below a folder: image files, and folders that hold DICOM slices.

    A folder with DICOM slices of a CT is looked at with its subfolders, and each of its CT series is a case.
    Segmentations (``.seg.nrrd``) are passed over. Whether an image is a chest CT is known only when it is read.

    Parameters
    ----------
    folder : Path
    without : Path
        The output folder: where it lies below ``folder``, nothing in it is a case.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if not folder.is_dir():
        raise InputError("is not a folder", folder, "give the folder that holds the CTs")
    return _named(list(_places(folder, os.path.realpath(without), set())), folder)


@dataclass(frozen=True)
class _Place:
    """Where a CT is stored; as in `Case`."""

    path: Path
    series: int | None
    files: tuple[Path, ...]


def _places(folder: Path, without: str, seen: set[str]) -> Iterator[_Place]:
    """Give the CTs of a folder and its subfolders, in a fixed order; links are followed, each folder once."""
    seen.add(os.path.realpath(folder))
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        logger.warning("A folder cannot be read and is passed over: %s.", error.strerror)
        return
    files = [entry for entry in entries if entry.is_file()]
    yield from (_Place(path, None, _files_of(path)) for path in files if _is_image(path))
    if any(sop_class_of(path) == CT_IMAGE for path in files if not _is_image(path)):
        yield from _series(folder)
        return
    for entry in entries:
        if entry.is_dir() and os.path.realpath(entry) not in {*seen, without}:
            yield from _places(entry, without, seen)


def _is_image(path: Path) -> bool:
    return full_suffix(path) in IMAGE_SUFFIXES and full_suffix(path) != _SEGMENTATION


def _files_of(path: Path) -> tuple[Path, ...]:
    """Return an image file, and the files beside it that may hold its voxels."""
    if path.suffix.lower() not in _WITH_DETACHED_VOXELS:
        return (path,)
    return tuple(sorted(one for one in path.parent.iterdir() if one.is_file() and one.stem == path.stem))


def _series(folder: Path) -> list[_Place]:
    """Return the CT series of a DICOM folder; one that cannot be listed is a case too, and reading it says why."""
    try:
        series = list_series(folder)
    except InputError:
        return [_Place(folder, None, ())]
    if len(series) == 1:
        return [_Place(folder, None, tuple(series[0]))]
    return [_Place(folder, number, tuple(files)) for number, files in enumerate(series, start=1)]


def _named(places: list[_Place], folder: Path) -> list[Case]:
    """Name each case after its file or folder, so that no two of them share a name in any file system."""
    cases: list[Case] = []
    taken: set[str] = set()
    for place in places:
        parent, full = place.path.parent, place.path.name
        if place.path == folder:
            parent, full = folder, folder.resolve().name
        stem = full if place.path.is_dir() else full[: len(full) - len(full_suffix(place.path))]
        stem += f"_series{place.series}" if place.series else ""
        choices = [stem, full, *(f"{stem}_{number}" for number in range(2, len(places) + 2))]
        names = (str(parent.relative_to(folder) / choice) for choice in choices)
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        cases.append(Case(place.path, place.series, place.files, name))
    return cases
