"""A CT series in real DICOM files, made with pydicom, as a scanner or a careless export would leave it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from LungTumorSegLib.volume import Volume

STUDY, FRAME_OF_REFERENCE = generate_uid(), generate_uid()


def new_file(path: Path, sop_class: str, **tags) -> FileDataset:
    """Make an instance of one patient and study, not yet saved; ``tags`` replace or add elements."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    elements = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": generate_uid(),
        "PatientID": "PID-0815",
        "PatientName": "Doe^Jane",
        "PatientBirthDate": "19500401",
        **tags,
    }
    for keyword, value in elements.items():
        setattr(instance, keyword, value)
    return instance


def write_ct_series(
    folder: Path,
    volume: Volume,
    *,
    name: Callable[[int], str] = "CT{:04d}.dcm".format,
    edit: Callable[[int, Dataset], None] | None = None,
    rescale: Callable[[int], tuple[float, float]] = lambda k: (1.0, -1024.0),
    **tags,
) -> list[Path]:
    """Write one file for each slice of ``volume`` (HU).

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    volume : Volume
        Slices are the planes of the last axis, ``volume.array[k]``.
    name : callable
        File name of slice ``k``.
    edit : callable, optional
        Changes the data set of slice ``k`` before it is saved.
    rescale : callable
        Slope and intercept of slice ``k``.
    **tags
        Elements to replace or add in every file.

    Returns
    -------
    list of Path
        In the order of slices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grid, paths = volume.grid, []
    series = tags.pop("SeriesInstanceUID", generate_uid())
    for k, plane in enumerate(volume.array):
        paths.append(folder / name(k))
        instance = new_file(
            paths[-1],
            CTImageStorage,
            **{
                "SeriesInstanceUID": series,
                "FrameOfReferenceUID": FRAME_OF_REFERENCE,
                "Modality": "CT",
                "SeriesNumber": 2,
                "InstanceNumber": k + 1,
                "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
                "Rows": grid.size[1],
                "Columns": grid.size[0],
                "PixelSpacing": [grid.spacing[1], grid.spacing[0]],
                "SliceThickness": grid.spacing[2],
                "ImagePositionPatient": [float(f"{p:.10g}") for p in grid.to_physical((0, 0, k))],
                "ImageOrientationPatient": [float(f"{c:.10g}") for c in grid.direction[:, :2].T.ravel()],
                "SamplesPerPixel": 1,
                "PhotometricInterpretation": "MONOCHROME2",
                "BitsAllocated": 16,
                "BitsStored": 16,
                "HighBit": 15,
                "PixelRepresentation": 0,
                **tags,
            },
        )
        slope, intercept = rescale(k)
        instance.RescaleSlope, instance.RescaleIntercept = slope, intercept
        instance.PixelData = np.round((plane - intercept) / slope).astype("<u2").tobytes()
        if edit is not None:
            edit(k, instance)
        instance.save_as(paths[-1], enforce_file_format=True)
    return paths


def write_other_files(folder: Path, **tags) -> None:
    """Write what lies beside a CT in a hospital's folder: a plan, a radiograph, an index, notes, an empty file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (modality, sop_class) in enumerate(
        [("RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.3"), ("CR", ComputedRadiographyImageStorage)]
    ):
        path = folder / f"IM{number:06d}"
        new_file(path, sop_class, Modality=modality, **tags).save_as(path, enforce_file_format=True)
    new_file(folder / "DICOMDIR", "1.2.840.10008.1.3.10").save_as(folder / "DICOMDIR", enforce_file_format=True)
    (folder / "readme.txt").write_text("exported on a Monday")
    (folder / "Thumbs.db").write_bytes(b"\x08\x00 not DICOM at all")
    (folder / "empty").write_bytes(b"")
