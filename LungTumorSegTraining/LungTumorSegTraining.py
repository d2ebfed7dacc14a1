"""The headless companion of LungTumorSeg: training. Nothing trains through it yet. Not for clinical use."""

from __future__ import annotations

import importlib.util

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


class LungTumorSegTraining(ScriptedLoadableModule):
    """What Slicer knows of the module; it is not in the module menu."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Lung Tumor Segmentation Training")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["LungTumorSeg"]
        self.parent.contributors = ["LungTumorSeg contributors"]
        self.parent.helpText = _(
            "Logic without a panel. It lists the recipes that networks are described by. Nothing trains through "
            "Slicer yet. <b>Not for clinical use.</b>"
        )
        self.parent.acknowledgementText = _("Networks and losses come from MONAI.")
        self.parent.hidden = True


class LungTumorSegTrainingWidget(ScriptedLoadableModuleWidget):
    """No panel: Slicer's `getModuleLogic` finds a scripted module's logic on its widget."""

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = LungTumorSegTrainingLogic()


class LungTumorSegTrainingLogic(ScriptedLoadableModuleLogic):
    """What can be trained."""

    def recipes(self) -> list[str]:
        """Return the names of the packaged recipes."""
        from LungTumorSegLib.recipe import available

        return available()


class LungTumorSegTrainingTest(ScriptedLoadableModuleTest):
    """Self test."""

    def runTest(self) -> None:
        self.test_RecipesAreListed()

    def test_RecipesAreListed(self) -> None:
        missing = [name for name in ("pydantic", "yaml") if importlib.util.find_spec(name) is None]
        if missing:
            self.skipTest(f"the list of recipes was not tested: not installed are {', '.join(missing)}")
        assert "lung-tumor" in LungTumorSegTrainingLogic().recipes()
