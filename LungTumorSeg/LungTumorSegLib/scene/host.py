"""The one difference between the hosts: who registers Slicer's segmentation conversions."""

from __future__ import annotations

import slicer

LABELMAP = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()


def register_conversions(scene: slicer.vtkMRMLScene) -> None:
    """Register the representations of segments, as Slicer's Segmentations module does when the application starts.

    In 3D Slicer they are there. Slicer Core knows them once a Segmentations logic has seen a scene; without them
    segments cannot be copied (for undo) or converted to surfaces. Registration lasts as long as the process.
    """
    factory = slicer.vtkSegmentationConverterFactory.GetInstance()
    if factory.ConstructRepresentationObjectByRepresentation(LABELMAP) is None:
        slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(scene)
