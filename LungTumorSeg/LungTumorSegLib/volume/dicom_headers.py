"""Find the CT slices in a folder as a hospital sends it, and what their headers say.

Such a folder mixes several series with structure sets, plans, doses, scouts, reports and files that are no DICOM at
all, with or without suffixes and subfolders. Of the values that identify a patient, none leaves this module.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

log = logging.getLogger(__name__)

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT_IMAGES = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")

_TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality", "ImageType"),
    *("SeriesNumber", "Rows", "Columns", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"),
    *("RescaleSlope", "RescaleIntercept", "PatientID", "PatientName", "PatientBirthDate"),
]


@dataclass(frozen=True, eq=False)
class Slice:
    """What the header of one CT slice says.

    Parameters
    ----------
    path : Path
        Its file.
    series, frame_of_reference : str
        Unique identifiers, to tell series apart; never shown.
    series_number : int
        The scanner's number of the series; 0 where it gave none.
    size : tuple of int, xy
        Columns and rows.
    spacing : tuple of float, xy, mm
        Distance between columns and between rows.
    position : ndarray of shape (3,), LPS mm
        Centre of the first voxel.
    orientation : ndarray of shape (2, 3), LPS
        Direction along a row (x) and along a column (y).
    rescale : tuple of float
        Slope and intercept to HU.
    transfer_syntax : str
        Name of the encoding.
    """

    path: Path
    series: str
    frame_of_reference: str
    series_number: int
    size: tuple[int, int]
    spacing: tuple[float, float]
    position: np.ndarray
    orientation: np.ndarray
    rescale: tuple[float, float]
    transfer_syntax: str

    @property
    def normal(self) -> np.ndarray:
        """Unit vector across the slice, LPS."""
        across = np.cross(*self.orientation)
        return across / np.linalg.norm(across)


def is_dicom_file(path: Path) -> bool:
    """Tell from its first bytes whether a file is DICOM, with or without the preamble of part 10."""
    with path.open("rb") as file:
        start = file.read(132)
    # Without a preamble the file begins with an element of group 2 or 8 (little endian).
    return start[128:] == b"DICM" or start[:2] in (b"\x02\x00", b"\x08\x00")


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders, in a fixed order; links are followed, each folder once."""
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(parent) / name for name in sorted(names))


def find_slices(folder: Path) -> tuple[list[Slice], set[str]]:
    """Return every CT slice below ``folder`` once, in no particular order; localizers are left out.

    Returns
    -------
    slices : list of Slice
    incomplete : set of str
        Identifiers of the series of which some slice lacks its geometry; that slice is left out.

    Raises
    ------
    InputError
        There is no CT slice, or there is more than one patient.
    """
    files = list(_read_headers(folder))
    headers = [header for _, header in files]
    if not headers:
        raise InputError("holds no DICOM file", folder, "give the folder of a chest CT")
    _refuse_two_patients(headers, folder)
    slices: dict[str, Slice] = {}
    incomplete: set[str] = set()
    for path, header in filter(lambda file: _is_ct_slice(file[1]), files):
        try:
            slices.setdefault(str(header.get("SOPInstanceUID", path)), _slice(path, header))
        except (AttributeError, TypeError, ValueError):
            incomplete.add(str(header.get("SeriesInstanceUID", "")))
    if not slices and not incomplete:
        raise InputError(f"holds no CT slices, only {_kinds(headers)}", folder, _advice(headers))
    return list(slices.values()), incomplete


def _read_headers(folder: Path) -> Iterator[tuple[Path, Dataset]]:
    """Yield the header of every DICOM file below ``folder``."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    unreadable = 0
    for path in files_below(folder):
        try:
            if path.exists() and not path.is_file():
                continue  # to open a named pipe would wait for ever
            if is_dicom_file(path):
                header = dcmread(path, stop_before_pixels=True, force=True, specific_tags=_TAGS)
                if "SOPClassUID" in header:
                    yield path, header
        except (InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError, NotImplementedError):
            unreadable += 1
    if unreadable:
        log.warning("files in the folder that cannot be read: %d", unreadable)


def _is_ct_slice(header: Dataset) -> bool:
    image_type = header.get("ImageType") or ()
    return header.SOPClassUID == CT_IMAGE and header.get("Modality", "CT") == "CT" and "LOCALIZER" not in image_type


def _slice(path: Path, header: Dataset) -> Slice:
    between_rows, between_columns = (float(value) for value in header.PixelSpacing)
    syntax = header.file_meta.get("TransferSyntaxUID")
    found = Slice(
        path=path,
        series=str(header.get("SeriesInstanceUID", "")),
        frame_of_reference=str(header.get("FrameOfReferenceUID", "")),
        series_number=int(header.get("SeriesNumber") or 0),
        size=(int(header.Columns), int(header.Rows)),
        spacing=(between_columns, between_rows),
        position=np.array([float(value) for value in header.ImagePositionPatient]),
        orientation=np.array([float(value) for value in header.ImageOrientationPatient]).reshape(2, 3),
        rescale=(_number(header, "RescaleSlope", 1.0), _number(header, "RescaleIntercept", 0.0)),
        transfer_syntax="an unnamed encoding" if syntax is None else syntax.name,
    )
    if found.position.shape != (3,) or not np.linalg.norm(np.cross(*found.orientation)) > 0.5:
        raise ValueError("position or orientation")
    return found


def _number(header: Dataset, tag: str, default: float) -> float:
    value = header.get(tag)
    return default if value is None else float(value)


def _refuse_two_patients(headers: list[Dataset], folder: Path) -> None:
    """Raise `InputError` if the files' identifiers or birth dates differ, or, where one of these lacks, the names.

    Names are compared without case, order and punctuation, by which systems differ for one and the same patient.
    """
    given = {
        tag: {_normalised(str(header.get(tag) or "")) for header in headers} - {()}
        for tag in ("PatientID", "PatientBirthDate", "PatientName")
    }
    if given["PatientID"] and given["PatientBirthDate"]:
        del given["PatientName"]
    patients = max(len(values) for values in given.values())
    if patients > 1:
        raise InputError(
            f"holds files of {patients} patients (or of one who is identified differently)",
            folder,
            "give a folder with the files of one patient",
        )


def _normalised(value: str) -> tuple[str, ...]:
    return tuple(sorted("".join(c if c.isalnum() else " " for c in value.casefold()).split()))


def _kinds(headers: list[Dataset]) -> str:
    """Name the modalities, which identify nobody, with how many files each has."""
    counts = Counter(str(header.Modality) for header in headers if header.get("Modality"))
    return ", ".join(f"{modality} ({count})" for modality, count in sorted(counts.items())) or "files of no modality"


def _advice(headers: list[Dataset]) -> str:
    if any(header.SOPClassUID in ENHANCED_CT_IMAGES for header in headers):
        return "an enhanced (multi-frame) CT is not read here: convert it to .nii.gz or to one file a slice"
    return "give the folder of a chest CT"
