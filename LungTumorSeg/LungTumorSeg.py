"""The module a person clicks: find lung tumors in a chest CT and measure them. Not for clinical use."""

from __future__ import annotations

import importlib.util
import sys

import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.scene.segments import belongs_to_another

PACKAGE = "LungTumorSegLib"


class LungTumorSeg(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Lung Tumor Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["LungTumorSeg contributors"]
        self.parent.helpText = _(
            "Finds lung tumors in a chest CT, outlines them as an editable segment and measures them: volume, "
            "RECIST diameters and agreement with a reference. Needs Slicer 5.10 or newer and the PyTorch extension. "
            "<b>Not for clinical use.</b> See the <a href="
            '"https://github.com/SlicerLungTumorSeg/SlicerLungTumorSeg">documentation</a>.'
        )
        self.parent.acknowledgementText = _(
            "The network was trained on public chest CTs of The Cancer Imaging Archive; its model card names the "
            "collections. Networks and losses come from MONAI."
        )


@parameterNodeWrapper
class LungTumorSegParameterNode:
    """The person's choices, saved with the scene.

    inputVolume - The chest CT.
    outputSegmentation - Takes the result beside its segments; a new one is made where none is chosen, or one that
        belongs to another volume.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    outputSegmentation: vtkMRMLSegmentationNode


class LungTumorSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: choose a CT, press Segment, read the measurements."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)  # needed for parameter node observation
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self) -> None:
        """Called when the person opens the module the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/LungTumorSeg.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = LungTumorSegLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.segmentButton.connect("clicked(bool)", self.onSegmentButton)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes and the module widget is destroyed."""
        self.removeObservers()

    def enter(self) -> None:
        """Called each time the person opens this module."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the person opens another module."""
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event) -> None:
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Observe the scene's parameter node and choose the first volume where none is chosen."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            firstVolumeNode = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if firstVolumeNode:
                self._parameterNode.inputVolume = firstVolumeNode

    def setParameterNode(self, parameterNode: LungTumorSegParameterNode | None) -> None:
        """Connect the panel to a parameter node, or to none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._checkCanSegment)
        self._parameterNode = parameterNode
        if self._parameterNode:
            # In the .ui file, the dynamic property SlicerParameterName says which parameter a selector shows.
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._checkCanSegment)
            self._checkCanSegment()

    def _checkCanSegment(self, caller=None, event=None) -> None:
        ready = bool(self._parameterNode and self._parameterNode.inputVolume)
        self.ui.segmentButton.enabled = ready
        self.ui.segmentButton.toolTip = _("Find the lung tumors") if ready else _("Choose a chest CT first")

    def onSegmentButton(self) -> None:
        """Segment and measure. The network runs in Slicer's own process, which waits for it."""
        message = _("Not segmented: nothing was changed.")
        self.ui.statusLabel.text = _("Segmenting. Slicer does not respond until it is done.")
        self.ui.statusLabel.repaint()
        try:
            with slicer.util.tryWithErrorDisplay(_("Segmentation failed."), waitCursor=True):
                segmentation = self.logic.segment(self._parameterNode.inputVolume, self._chosenSegmentation())
                self._parameterNode.outputSegmentation = segmentation
                message = _("Segmented, but not measured.")
                total = self.logic.measure(segmentation)["total"]
                message = _("{count} lesions, {volume} mL in all. Not for clinical use.").format(
                    count=total["count"], volume=f"{total['volume_ml']:.2f}"
                )
        finally:
            self.ui.statusLabel.text = message

    def _chosenSegmentation(self) -> vtkMRMLSegmentationNode | None:
        """Return the chosen segmentation; None if it is of another volume, such as the one segmented before."""
        chosen = self._parameterNode.outputSegmentation
        if chosen is None or belongs_to_another(chosen, self._parameterNode.inputVolume):
            return None
        return chosen

    def onReload(self) -> None:
        """Reload the package with the module (developers' button)."""
        forgetPackage()
        ScriptedLoadableModuleWidget.onReload(self)


class LungTumorSegLogic(ScriptedLoadableModuleLogic, SegmentationLogic):
    """Segment and measure without the panel, as in Slicer's Python console.

    ``slicer.util.getModuleLogic("LungTumorSeg").segment(volumeNode)`` returns the segmentation node,
    ``.measure(segmentationNode)`` the report; see `LungTumorSegLib.scene.SegmentationLogic`.
    """

    def __init__(self, *args, **kwargs) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        SegmentationLogic.__init__(self, *args, **kwargs)

    def getParameterNode(self) -> LungTumorSegParameterNode:
        return LungTumorSegParameterNode(super().getParameterNode())


class LungTumorSegTest(ScriptedLoadableModuleTest):
    """Self test; the tests of the scene are in Testing/slicer."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        self.setUp()
        self.test_PackagedNetworkFindsAPhantomsTumor()

    def test_PackagedNetworkFindsAPhantomsTumor(self) -> None:
        """From a volume node to measurements, with the network that ships with the extension."""
        missing = missingPackages()
        if missing:
            self.skipTest(f"the packaged network was not tested: not installed are {', '.join(missing)}")
        from LungTumorSegLib.phantom import make_phantom
        from LungTumorSegLib.scene.volumes import add_volume

        phantom = make_phantom(seed=1)
        volumeNode = add_volume(slicer.mrmlScene, phantom.ct, "Phantom")
        truth = add_volume(slicer.mrmlScene, phantom.mask, "Truth", "vtkMRMLLabelMapVolumeNode")
        logic = LungTumorSegLogic()
        segmentationNode = logic.segment(volumeNode, device="cpu")
        # Whether it outlines what is there; what else it outlines is the model card's matter.
        lesions = logic.measure(segmentationNode, truth)["reference"]["lesions"]
        assert lesions
        assert all(lesion["dice"] > 0.6 for lesion in lesions)


def missingPackages() -> list[str]:
    """Return what segmenting needs and is not installed, by the names that Python imports."""
    needed = ("torch", "monai", "safetensors", "cc3d", "pydantic", "yaml")
    return [name for name in needed if importlib.util.find_spec(name) is None]


def forgetPackage() -> None:
    """Make the next import of the package read its files again.

    Reloading its modules one by one would leave names imported from one another at the old ones, in whatever order.
    """
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]
