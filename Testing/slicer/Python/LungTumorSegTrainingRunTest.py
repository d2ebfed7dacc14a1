"""Self test of training through Slicer's Python, for ctest inside a real Slicer; pytest runs it on Slicer Core too."""

import importlib.util
import tempfile
import unittest
from pathlib import Path

from LungTumorSegTraining import LungTumorSegTrainingLogic

RECIPE = """
name: tiny
description: A network as small as one can be.
preparation: {region: lungs, spacing_mm: [4, 4, 5]}
network: {name: unet, channels: [4, 8], strides: [2], residual_units: 0}
training: {patch_size: [32, 32, 32], steps: 120, validation_share: 0}
inference: {window_size: [32, 32, 32], overlap: 0.25, precision: float32}
"""
NEEDED = ("torch", "monai", "pydantic", "yaml", "safetensors", "cc3d", "h5py")
STOPPED = 75


class LungTumorSegTrainingRunTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "training of ümläuts"
        self.folder.mkdir()
        self.log = []
        self.logic = LungTumorSegTrainingLogic()

    def test_BadInputIsAnsweredInOneLine(self):
        """Also where nothing is installed yet: then the line says what is missing."""
        run = self.folder / "run"
        assert self.logic.train("no-such-recipe", self.folder, run, log=self.log.append) == 2
        (line,) = self.log
        assert line.startswith("lungtumorseg: error: ")
        assert not run.exists()

    def test_StopAndResume(self):
        missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            self.skipTest(f"training was not tested: not installed are {', '.join(missing)}")
        from LungTumorSegLib.phantom.dataset import write_dataset

        write_dataset(self.folder / "data", 1, size=(80, 80, 50), spacing=(4.5, 4.5, 6.0))
        recipe, run = self.folder / "tiny.yaml", self.folder / "run"
        recipe.write_text(RECIPE)
        given = {"recipe": recipe, "data": self.folder / "data", "output": run, "log": self.log.append}
        cpu = ["--device", "cpu"]

        training = self.logic.start(**given, options=cpu)
        while not (run / "metrics.jsonl").exists():
            assert training.wait(0.05) is None, self.log
        training.stop()
        assert training.wait() == STOPPED, self.log
        assert (run / "checkpoint.pt").is_file()
        assert "--resume" in self.log[-1]
        assert self.logic.train(**given, options=cpu, resume=True) == 0, self.log
