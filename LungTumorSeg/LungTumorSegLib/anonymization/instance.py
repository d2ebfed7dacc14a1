"""One DICOM file without what identifies the patient, and what was found in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import InputError
from .identity import elements_holding
from .profile import EDITION, Profile

if TYPE_CHECKING:
    from pydicom import Dataset

METHOD = f"DICOM PS3.15 {EDITION} basic profile; LungTumorSeg {__version__}"
BASIC_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")


@dataclass
class Findings:
    """What was found in files, counted by file; never any value.

    Attributes
    ----------
    listed : Counter of (int, str)
        Tag and keyword of attributes of the profile's table that were there and not empty.
    beyond : Counter of (int, str)
        Attributes that the table does not name, removed because a word of the patient's name or identifiers stood
        in them.
    private : int
        Files with private attributes.
    burned_in : int
        Files that say that their voxels show text.
    """

    listed: Counter = field(default_factory=Counter)
    beyond: Counter = field(default_factory=Counter)
    private: int = 0
    burned_in: int = 0

    def add(self, other: Findings) -> None:
        """Add what was found in further files."""
        self.listed += other.listed
        self.beyond += other.beyond
        self.private += other.private
        self.burned_in += other.burned_in


def read_instance(path: Path) -> Dataset:
    """Read a DICOM file whole, every element of it.

    Raises
    ------
    InputError
        It is damaged.
    """
    from pydicom import dcmread

    try:
        dataset = dcmread(path, force=True)
        dataset.walk(lambda _, element: element.value)  # elements are parsed only when they are asked for
        _check_whole(dataset)
    except Exception as error:  # whatever a damaged file leads a parser to
        raise InputError("is a damaged DICOM file", path, "copy it again, or leave it out by --skip-bad") from error
    return dataset


def _check_whole(dataset: Dataset) -> None:
    """Raise an error if voxels are missing at the end, which pydicom bears."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if dataset.get("Modality") != "CT" and not dataset.get("PixelData"):
        return
    stored, bits = len(dataset.PixelData), int(dataset.BitsAllocated)
    voxels = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
    if not syntax.is_compressed and stored < voxels * int(dataset.get("SamplesPerPixel", 1)) * bits // 8:
        raise ValueError("voxels are missing")


def examine(dataset: Dataset, profile: Profile, words: set[str]) -> Findings:
    """Tell what of a file must not stay, before it is taken away."""
    findings = Findings()

    def visit(_: Dataset, element) -> None:
        if element.tag.is_private:
            findings.private = 1
        elif not element.is_empty and profile.lists(element.tag):
            findings.listed[element.tag, element.keyword] = 1

    dataset.walk(visit)
    for _, element in elements_holding(dataset, words):
        if not element.tag.is_private and not profile.lists(element.tag):
            findings.beyond[element.tag, element.keyword] = 1
    findings.burned_in = int(dataset.get("BurnedInAnnotation") == "YES")
    return findings


def deidentify(dataset: Dataset, profile: Profile, words: set[str], pseudonym: str) -> None:
    """Take away, in place, what identifies the patient; ``pseudonym`` stands for name and identifier."""
    from pydicom.dataset import Dataset as NewDataset
    from pydicom.dataset import FileMetaDataset

    syntax, sop_class = dataset.file_meta.TransferSyntaxUID, dataset.SOPClassUID
    profile.apply(dataset)
    for holder, element in list(elements_holding(dataset, words)):
        del holder[element.tag]
    dataset.PatientID = dataset.PatientName = pseudonym
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    code = NewDataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = BASIC_PROFILE
    dataset.DeidentificationMethodCodeSequence = [code]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    # Titles of applications, private information and the preamble's free bytes do not come along.
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
