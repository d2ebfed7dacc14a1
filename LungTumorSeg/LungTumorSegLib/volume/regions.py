"""Regions with names, in a DICOM SEG or an RTSTRUCT: found in a folder, and chosen by name."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .dicom_headers import CT_IMAGE, files_below, is_dicom_file
from .dicom_seg import DicomSegmentation, read_segmentation
from .grid import Grid
from .image import Volume
from .rtstruct import StructureSet, read_structure_set

log = logging.getLogger(__name__)

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # the second with label maps
SOP_CLASS = 0x00080016

RegionFile = StructureSet | DicomSegmentation


@dataclass(frozen=True)
class DicomKinds:
    """What a folder holds for this project: whether CT slices, and which annotations."""

    ct: bool
    segmentations: tuple[Path, ...]
    structure_sets: tuple[Path, ...]

    @property
    def annotated(self) -> bool:
        """Whether there is any annotation."""
        return bool(self.segmentations or self.structure_sets)


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions that belong to each label.

    Attributes
    ----------
    where : Path
        The file or folder that was searched.
    chosen : tuple of (label, file, number of the region in it)
    """

    where: Path
    chosen: tuple[tuple[int, RegionFile, int], ...]

    @property
    def drawn_on(self) -> frozenset[str]:
        """Unique identifiers of CT series and frames of reference; never shown."""
        return frozenset().union(*(file.drawn_on for _, file, _ in self.chosen))

    def label_map(self, grid: Grid) -> Volume:
        """Return the labels on a CT's grid (uint8); where two overlap, the higher one holds."""
        labels = np.zeros(grid.shape, dtype=np.uint8)
        for label, file, number in sorted(self.chosen, key=lambda choice: choice[0]):
            labels[file.inside(number, grid)] = label
        return Volume(labels, grid)


def sop_class_of(path: Path) -> str:
    """Return what kind of DICOM object a file holds, having read no more than that; empty if it is none."""
    from pydicom.filereader import read_partial

    try:
        if not path.is_file() or not is_dicom_file(path):
            return ""
        with path.open("rb") as stream:
            header = read_partial(
                stream, stop_when=lambda tag, *_: tag > SOP_CLASS, force=True, specific_tags=[SOP_CLASS]
            )
        return str(header.get("SOPClassUID", ""))
    except Exception:  # whatever a damaged file makes of the parser; the CT's reader names what it cannot read
        return ""


def dicom_kinds(folder: Path) -> DicomKinds:
    """Look through a folder and its subfolders."""
    by_class = [(sop_class_of(path), path) for path in files_below(folder)]
    return DicomKinds(
        any(kind == CT_IMAGE for kind, _ in by_class),
        tuple(path for kind, path in by_class if kind in SEGMENTATIONS),
        tuple(path for kind, path in by_class if kind == RTSTRUCT),
    )


def read_regions(path: Path) -> RegionFile:
    """Read a DICOM SEG or an RTSTRUCT."""
    kind = sop_class_of(path)
    if kind in SEGMENTATIONS:
        return read_segmentation(path)
    if kind == RTSTRUCT:
        return read_structure_set(path)
    raise InputError("is neither a DICOM SEG nor an RTSTRUCT", path, "give a mask")


def choose_regions(where: Path, patterns: Mapping[int, str]) -> Regions:
    """Choose the regions whose names match.

    Parameters
    ----------
    where : Path
        A DICOM SEG, an RTSTRUCT, or a folder with any of them among whatever else. Where both kinds match, the DICOM
        SEG is taken, since it says voxel by voxel what the contours only enclose.
    patterns : mapping of int to str
        For each label a regular expression, searched for in either case.

    Raises
    ------
    InputError
        A label has no match: the names that there are.
    """
    kinds = dicom_kinds(where) if where.is_dir() else None
    groups = [kinds.segmentations, kinds.structure_sets] if kinds else [(where,)]
    files = [[read_regions(path) for path in group] for group in groups]
    matches = [_matching(group, patterns) for group in files]
    complete = [match for match in matches if {label for label, _, _ in match} == set(patterns)]
    if not complete:
        names = [name for group in files for file in group for name in file.names]
        shown = ", ".join(repr(name) for name in dict.fromkeys(names)) or "nothing"
        raise InputError(
            f"no segment or ROI has a name that is looked for; there is {shown}", where, "name it by --roi"
        )
    if len(complete) > 1:
        log.info("%s: a DICOM SEG and an RTSTRUCT match; the DICOM SEG is taken", where.name)
    if len(complete[0]) > len(patterns):
        names = ", ".join(repr(file.names[number]) for _, file, number in complete[0])
        log.info("%s: several segments or ROIs match and are united: %s", where.name, names)
    return Regions(where, tuple(complete[0]))


def _matching(files: list[RegionFile], patterns: Mapping[int, str]) -> list[tuple[int, RegionFile, int]]:
    return [
        (label, file, number)
        for label, pattern in patterns.items()
        for file in files
        for number, name in enumerate(file.names)
        if re.search(pattern, name.strip(), re.IGNORECASE)
    ]
