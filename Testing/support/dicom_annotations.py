"""RTSTRUCT made with pydicom, and DICOM SEG made with highdicom, for a series that `write_ct_series` wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from LungTumorSegLib.volume import Grid

from .dicom_series import new_file

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"


def dataset(**elements) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def write_rtstruct(path: Path, ct_slice: Path, rois: dict[str, list], **tags) -> Path:
    """Write the contours of each ROI.

    Parameters
    ----------
    ct_slice : Path
        A file of the series that is referred to.
    rois : dict of str to list
        For each name its contours, (n, 3) LPS mm; or pairs of such a contour and its geometric type.
    """
    header = pydicom.dcmread(ct_slice, stop_before_pixels=True)
    series = dataset(SeriesInstanceUID=header.SeriesInstanceUID)
    study = dataset(ReferencedSOPInstanceUID=header.StudyInstanceUID, RTReferencedSeriesSequence=Sequence([series]))
    frame = dataset(FrameOfReferenceUID=header.FrameOfReferenceUID, RTReferencedStudySequence=Sequence([study]))
    names, drawn = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        names.append(dataset(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=header.FrameOfReferenceUID))
        items = []
        for contour in contours:
            points, kind = contour if isinstance(contour, tuple) else (contour, "CLOSED_PLANAR")
            data = [f"{value:.6f}".rstrip("0") for value in np.asarray(points, dtype=float).ravel()]
            items.append(dataset(ContourGeometricType=kind, NumberOfContourPoints=len(data) // 3, ContourData=data))
        drawn.append(dataset(ReferencedROINumber=number, ContourSequence=Sequence(items)))
    instance = new_file(
        path,
        RTSTRUCT,
        Modality="RTSTRUCT",
        SeriesInstanceUID=generate_uid(),
        ReferencedFrameOfReferenceSequence=Sequence([frame]),
        StructureSetROISequence=Sequence(names),
        ROIContourSequence=Sequence(drawn),
        **tags,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    instance.save_as(path, enforce_file_format=True)
    return path


def circle(
    grid: Grid, slice_index: float, centre_xy: tuple[float, float], radius: float, points: int = 90
) -> np.ndarray:
    """Return a circle in a slice of ``grid``, centre and radius in voxels, as (points, 3) LPS mm."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    index = np.column_stack(
        [centre_xy[0] + radius * np.cos(angle), centre_xy[1] + radius * np.sin(angle), np.full(points, slice_index)]
    )
    return grid.to_physical(index)


def write_seg(path: Path, ct_slices: list[Path], segments: dict[str, np.ndarray], kind: str = "BINARY") -> Path:
    """Write bool arrays (zyx, in the order of ``ct_slices``) as segments; of ``FRACTIONAL`` ones, floats."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    sources = [pydicom.dcmread(one) for one in ct_slices]
    for source in sources:
        source.StudyID, source.StudyDate, source.StudyTime = "1", "20200101", "000000"
        source.AccessionNumber, source.ReferringPhysicianName, source.PatientSex = "", "", ""
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(segments, start=1)
    ]
    stacked = np.stack(list(segments.values()), axis=-1)
    made = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=stacked.astype(np.float32 if kind == "FRACTIONAL" else np.uint8),
        segmentation_type=kind,
        segment_descriptions=descriptions,
        series_instance_uid=generate_uid(),
        series_number=7,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="tests",
        manufacturer_model_name="tests",
        software_versions="1",
        device_serial_number="1",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path
