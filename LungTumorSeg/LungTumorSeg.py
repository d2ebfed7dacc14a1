"""The module a person clicks: find lung tumors (or what another network knows) in a CT, and measure them.

Not for clinical use.
"""

from __future__ import annotations

import sys
from typing import Union

import slicer
import vtk
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
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

PACKAGES = ("LungTumorSegLib", "LungTumorSegWidgets")


class LungTumorSeg(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Lung Tumor Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["Segmentations", "Markups", "Tables", "SubjectHierarchy"]
        self.parent.contributors = ["LungTumorSeg contributors"]
        self.parent.helpText = _(
            "Finds lung tumors in a chest CT, outlines them as an editable segment and measures them: volume, "
            "RECIST diameters and agreement with a reference. <b>Not for clinical use.</b>"
            "<p>Choose a chest CT and press Segment; clear the box of each lesion that is none; correct outlines with "
            "the editor; export the measurements. Networks of your own, for other lesions and organs, are chosen by "
            "their folder. No CT at hand? Sample Data makes a synthetic one, and "
            '<a href="https://www.cancerimagingarchive.net/collection/lidc-idri/">LIDC-IDRI</a> of The Cancer Imaging '
            "Archive has public ones.</p>"
            "<p>Needs Slicer 5.10 or newer and the PyTorch extension. See the "
            '<a href="https://github.com/SlicerLungTumorSeg/SlicerLungTumorSeg/blob/main/docs/module.md">'
            "documentation</a>.</p>"
        )
        self.parent.acknowledgementText = _(
            "The network was trained on public chest CTs of The Cancer Imaging Archive; its model card names the "
            "collections. Networks and losses come from MONAI."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Add a synthetic chest CT to the Sample Data module."""
    from LungTumorSegWidgets import sampledata

    sampledata.registerSampleData()


@parameterNodeWrapper
class LungTumorSegParameterNode:
    """The person's choices, saved with the scene.

    inputVolume - The CT.
    referenceNode - What the result is compared with, if anything.
    referenceSegmentId - The segment of the reference that is compared with.
    network - Name of a packaged network, or a model folder.
    device - Where the network is computed: auto, cpu or cuda:N.
    outputSegmentation - Takes the result beside its segments; a new one is made where none is chosen, or one that
        belongs to another volume.
    segmentId - The segment that is shown, edited and measured.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    # Slicer 5.12 cannot connect a selector with a union that is written with "|".
    referenceNode: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    referenceSegmentId: str
    network: str = "lung-tumor"
    device: str = "auto"
    outputSegmentation: vtkMRMLSegmentationNode
    segmentId: str


class LungTumorSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel in Slicer: connects it to the scene and to Slicer's opening and closing of modules."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)  # needed for parameter node observation
        self.logic = None
        self.panel = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None

    def setup(self) -> None:
        """Called when the person opens the module the first time."""
        from LungTumorSegWidgets.panel import Panel

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/LungTumorSeg.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = LungTumorSegLogic()
        self.panel = Panel(self.ui, self.logic)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        slicer.app.connect("aboutToQuit()", self.cleanup)
        if self.parent.isEntered:  # reloaded while it is open: Slicer does not enter it again
            self.enter()
        else:
            self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes, and before the module is reloaded."""
        if self.panel is not None:
            slicer.app.disconnect("aboutToQuit()", self.cleanup)
            self.setParameterNode(None)
            self.panel.cleanup()
            self.panel = None
        self.removeObservers()

    def enter(self) -> None:
        """Called each time the person opens this module."""
        if self.panel is not None:
            self.initializeParameterNode()
            self.panel.enter()

    def exit(self) -> None:
        """Called each time the person opens another module; a segmentation that runs goes on."""
        if self.panel is not None:  # None after the application has begun to quit
            self.panel.exit()

    def onSceneStartClose(self, caller, event) -> None:
        self.panel.closeScene()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneStartImport(self, caller, event) -> None:
        # Choices that come with the scene replace the present ones; the selectors would mix them.
        self.setParameterNode(None)

    def onSceneEndImport(self, caller, event) -> None:
        self.logic.removePreview()  # one that was saved by hand
        self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node) -> None:
        """Choose none in place of a node that goes: a selector would take its neighbor, which nobody has chosen."""
        chosen = self._parameterNode
        if chosen is None:
            return
        if node is chosen.referenceNode:
            chosen.referenceNode = None
        if node is chosen.outputSegmentation:
            chosen.outputSegmentation = None

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
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameterNode = parameterNode
        if self._parameterNode:
            # In the .ui file, the dynamic property SlicerParameterName says which parameter a selector shows.
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self.panel.setParameters(parameterNode)

    def _onParametersModified(self, caller=None, event=None) -> None:
        self.panel.refresh()

    def onReload(self) -> None:
        """Reload the packages with the module (developers' button)."""
        self.cleanup()
        forgetPackages()
        ScriptedLoadableModuleWidget.onReload(self)


class LungTumorSegLogic(ScriptedLoadableModuleLogic, SegmentationLogic):
    """Segment and measure without the panel, as in Slicer's Python console.

    ``slicer.util.getModuleLogic("LungTumorSeg").segment(volumeNode)`` returns the segmentation node,
    ``.measure(segmentationNode)`` the report, and ``.segmentFolder(inputFolder, outputFolder)`` does both for every CT
    below a folder; see docs/scripting.md and `LungTumorSegLib.scene.SegmentationLogic`.
    """

    def __init__(self, *args, **kwargs) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        SegmentationLogic.__init__(self, *args, **kwargs)

    def getParameterNode(self) -> LungTumorSegParameterNode:
        return LungTumorSegParameterNode(super().getParameterNode())


class LungTumorSegTest(ScriptedLoadableModuleTest):
    """Self test; those of the scene and of the panel are in Testing/slicer."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        self.setUp()
        self.test_PackagedNetworkFindsAPhantomsTumor()

    def test_PackagedNetworkFindsAPhantomsTumor(self) -> None:
        """From a volume node to measurements, with the network that ships with the extension."""
        from LungTumorSegWidgets.packages import missingPackages

        missing = missingPackages()
        if missing:
            names = ", ".join(package.name for package in missing)
            self.skipTest(f"the packaged network was not tested: not installed are {names}")
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


def forgetPackages() -> None:
    """Make the next import of the packages read their files again.

    Reloading their modules one by one would leave names imported from one another at the old ones, in whatever order.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
