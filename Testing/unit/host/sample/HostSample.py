"""A scripted module to try the host with: a panel from a ``.ui`` file, with a parameter of each type."""

import enum
from pathlib import Path
from typing import Annotated, Union

import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Speed(enum.Enum):
    FAST = 1
    SLOW = 2


class HostSample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Host sample")
        self.parent.categories = ["Testing"]
        self.parent.helpText = _("Tries the host.")
        slicer.app.connect("startupCompleted()", lambda: history.append("started"))


@parameterNodeWrapper
class HostSampleParameterNode:
    volume: vtkMRMLScalarVolumeNode
    reference: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    name: str = "tumor"
    details: bool
    overlap: Annotated[float, WithinRange(0, 0.9), Default(0.5)]
    rounds: Annotated[int, WithinRange(1, 9), Default(3)]
    device: Annotated[str, Choice(["auto", "cpu"]), Default("auto")]
    speed: Speed
    folder: Path


class HostSampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.parameters = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        ui = slicer.util.loadUI(self.resourcePath("UI/HostSample.ui"))
        self.layout.addWidget(ui)
        self.ui = slicer.util.childWidgetVariables(ui)
        ui.setMRMLScene(slicer.mrmlScene)
        self.logic = HostSampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, lambda *_: self.disconnect())
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, lambda *_: self.connect())
        history.append("setup")

    def cleanup(self):
        self.disconnect()
        self.removeObservers()
        history.append("cleanup")

    def enter(self):
        history.append(f"enter, entered: {self.parent.isEntered}")
        self.connect()

    def exit(self):
        history.append("exit")
        self.disconnect()

    def connect(self):
        self.disconnect()
        self.parameters = HostSampleParameterNode(self.logic.getParameterNode())
        self._tag = self.parameters.connectGui(self.ui)

    def disconnect(self):
        if self.parameters:
            self.parameters.disconnectGui(self._tag)
            self.parameters = None


class HostSampleLogic(ScriptedLoadableModuleLogic):
    pass


history: list[str] = []
