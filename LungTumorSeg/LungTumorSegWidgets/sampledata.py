"""A chest CT to try the module with, made on this computer: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.scene.volumes import add_volume

CATEGORY = "LungTumorSeg"
NAME = "LungTumorPhantom"
SEED = 7
THUMBNAIL = Path(__file__).resolve().parent.parent / "Resources" / "Icons" / f"{NAME}.png"


def registerSampleData() -> None:
    """Add the phantom to Slicer's Sample Data module."""
    import SampleData

    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):  # since Slicer 5.12: a title that is translated
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("Lung Tumor Segmentation"))
    logic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=NAME,
        uris="",  # its own loader makes it
        fileNames="",
        nodeNames=NAME,
        thumbnailFileName=str(THUMBNAIL),
        customDownloader=loadPhantom,
    )


def loadPhantom(source=None) -> list[slicer.vtkMRMLNode]:
    """Make a synthetic chest CT with tumors, add it to the scene with the tumors' true outline, and show it.

    Parameters
    ----------
    source : SampleDataSource, optional
        What Slicer passes to a custom loader; not needed.

    Returns
    -------
    list of vtkMRMLNode
        The CT, and a labelmap to use as a reference.
    """
    with slicer.util.WaitCursor():
        phantom = make_phantom(seed=SEED)
    ct = add_volume(slicer.mrmlScene, phantom.ct, "Lung tumor phantom")
    truth = add_volume(slicer.mrmlScene, phantom.mask, "Lung tumor phantom truth", "vtkMRMLLabelMapVolumeNode")
    ct.GetDisplayNode().SetAutoWindowLevel(False)
    ct.GetDisplayNode().SetWindowLevelMinMax(-1000, 300)
    if slicer.app.layoutManager() is not None:  # None without a main window
        slicer.util.setSliceViewerLayers(background=ct, fit=True)
    return [ct, truth]
