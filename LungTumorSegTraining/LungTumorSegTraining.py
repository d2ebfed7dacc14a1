"""The headless companion of LungTumorSeg: training, from a script or Slicer's Python console. Not for clinical use."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

from LungTumorSegTrainingLib.process import TrainingProcess


class LungTumorSegTraining(ScriptedLoadableModule):
    """What Slicer knows of the module; it is not in the module menu."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Lung Tumor Segmentation Training")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["LungTumorSeg"]
        self.parent.contributors = ["LungTumorSeg contributors"]
        self.parent.helpText = _(
            "Logic without a panel. It trains networks by recipes, in processes beside Slicer and on several GPUs: "
            "from the Python console by its logic's <tt>start</tt>, on a cluster by <tt>Slicer --no-main-window "
            "--python-script train.py</tt>. <b>Not for clinical use.</b> See the <a href="
            '"https://github.com/SlicerLungTumorSeg/SlicerLungTumorSeg">documentation</a>.'
        )
        self.parent.acknowledgementText = _("Networks and losses come from MONAI.")
        self.parent.hidden = True


class LungTumorSegTrainingWidget(ScriptedLoadableModuleWidget):
    """No panel: Slicer's `getModuleLogic` finds a scripted module's logic on its widget."""

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = LungTumorSegTrainingLogic()


class LungTumorSegTrainingLogic(ScriptedLoadableModuleLogic):
    """Train networks; ``slicer.util.getModuleLogic("LungTumorSegTraining")`` returns it."""

    def recipes(self) -> list[str]:
        """Return the names of the packaged recipes."""
        from LungTumorSegLib.recipe import available

        return available()

    def start(
        self,
        recipe: str | Path,
        data: str | Path,
        output: str | Path,
        *,
        processes: int = 1,
        resume: bool = False,
        options: Sequence[str] = (),
        log: Callable[[str], None] = print,
    ) -> TrainingProcess:
        """Start a training beside Slicer and return at once.

        Parameters
        ----------
        recipe : str or Path
            A name of `recipes`, or a recipe's file.
        data, output : str or Path
            The data set's folder and the run's.
        processes : int
            One for each GPU.
        resume : bool
            Go on with the run in ``output``.
        options : sequence of str
            Further options of ``lungtumorseg train``, such as ``["--set", "training.steps=1000"]``.
        log : callable
            Takes a line of the log. It is called by the returned object's methods only, so never in another thread.

        Returns
        -------
        TrainingProcess
            ``poll()`` hands over the new lines and returns the exit status once there is one, ``stop()`` writes a
            checkpoint and ends, ``wait()`` waits. Closing Slicer stops the training, with a checkpoint.

        Raises
        ------
        LungTumorSegTrainingLib.package.LaunchError
            Slicer's Python or LungTumorSegLib was not found. What is wrong with the training's own input ends the
            training with status 2 and one line of its log.
        """
        arguments = ["--recipe", recipe, "--data", data, "--output", output]
        arguments += ["--processes", processes] if processes != 1 else []
        arguments += ["--resume"] if resume else []
        return TrainingProcess([*map(str, arguments), *options], log)

    def train(self, recipe: str | Path, data: str | Path, output: str | Path, **options) -> int:
        """Train and return the exit status, 0 when done; Slicer does not respond meanwhile. Options as in `start`."""
        return self.start(recipe, data, output, **options).wait()


class LungTumorSegTrainingTest(ScriptedLoadableModuleTest):
    """Self test; that a training is started, stopped and taken up again is tested in Testing/slicer."""

    def runTest(self) -> None:
        self.test_RecipesAreListed()

    def test_RecipesAreListed(self) -> None:
        missing = [name for name in ("pydantic", "yaml") if importlib.util.find_spec(name) is None]
        if missing:
            self.skipTest(f"the list of recipes was not tested: not installed are {', '.join(missing)}")
        assert "lung-tumor" in LungTumorSegTrainingLogic().recipes()
