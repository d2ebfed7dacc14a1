"""The module files themselves, with the names lent that Slicer Core leaves out (see Testing/host)."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.worker import Worker, WorkerError
from support.modules import MODULES, ROOT, load, run_self_test
from support.scenes import find_bright


@pytest.fixture
def module(scene):
    return load("LungTumorSeg")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_its_four_classes_and_describes_itself(scene, name):
    module = load(name)
    for suffix in ("", "Widget", "Logic", "Test"):
        assert isinstance(getattr(module, name + suffix), type)
    parent = SimpleNamespace()
    getattr(module, name)(parent)
    assert parent.categories == ["Segmentation"]
    assert parent.contributors
    assert "Not for clinical use" in parent.helpText
    assert parent.acknowledgementText
    assert getattr(parent, "hidden", False) == (name == "LungTumorSegTraining")
    assert (MODULES[name].parent / "Resources" / "Icons" / f"{name}.png").is_file()


def test_the_modules_logic_segments_and_measures(module, ct_node):
    logic = module.LungTumorSegLogic(predictor=find_bright)
    node = logic.segment(ct_node)
    assert logic.measure(node)["total"]["count"] == 1
    assert logic.undo(node)
    assert node.GetSegmentation().GetNumberOfSegments() == 0


def test_the_choices_are_kept_in_the_scene(module, scene, ct_node):
    module.LungTumorSegLogic().getParameterNode().inputVolume = ct_node
    assert module.LungTumorSegLogic().getParameterNode().inputVolume is ct_node
    assert scene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode") == 1


def test_the_training_module_lists_the_recipes(scene):
    assert "lung-tumor" in load("LungTumorSegTraining").LungTumorSegTrainingLogic().recipes()


def test_reloading_reads_the_packages_again(module, ct_node):
    before = module.SegmentationLogic
    kept = {name: sys.modules[name] for name in sys.modules if name.partition(".")[0] in module.PACKAGES}
    try:
        module.forgetPackages()
        again = load("LungTumorSeg")
        assert again.SegmentationLogic is not before
        assert again.LungTumorSegLogic(predictor=find_bright).segment(ct_node) is not None
    finally:
        module.forgetPackages()
        sys.modules.update(kept)


# A fresh Slicer has these and nothing else of what the package uses.
IN_SLICER = ("slicer", "slicer_core", "vtk", "vtkmodules", "numpy", "scipy", "SimpleITK")
OURS = ("lent_slicer", "LungTumorSegLib", "LungTumorSegTrainingLib", *MODULES)
BARE = f"""
import sys
from types import SimpleNamespace

class Bare:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in {(*IN_SLICER, *OURS)!r} and not top.startswith("_"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.path[:0] = {[str(ROOT / "Testing" / "host"), *(str(path.parent) for path in MODULES.values())]!r}
import slicer
from lent_slicer import lend
lend()
sys.meta_path.insert(0, Bare())
slicer.mrmlScene = slicer.vtkMRMLScene()
"""


def run_bare(code: str) -> str:
    command = [sys.executable, "-c", BARE + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_modules_open_in_a_fresh_slicer():
    """Neither torch nor any other package that is installed on first use is imported."""
    out = run_bare(
        "import LungTumorSeg, LungTumorSegTraining\n"
        "LungTumorSeg.LungTumorSeg(SimpleNamespace())\n"
        "LungTumorSegTraining.LungTumorSegTraining(SimpleNamespace())\n"
        "LungTumorSeg.LungTumorSegLogic(); LungTumorSegTraining.LungTumorSegTrainingLogic()\n"
        "print('opened')"
    )
    assert "opened" in out


def test_without_its_packages_segmenting_says_what_is_missing(scene, ct_node):
    """The worker is started in a Python that has no packages at all."""
    worker = Worker([sys.executable, "-S", "-m", "LungTumorSegLib.worker"])
    before = scene.GetNumberOfNodes()
    try:
        with pytest.raises(WorkerError, match="is not installed; install PyTorch by Slicer's PyTorch extension"):
            SegmentationLogic(worker).segment(ct_node)
    finally:
        worker.close()
    assert scene.GetNumberOfNodes() == before


def test_without_its_packages_measuring_says_what_is_missing():
    out = run_bare(
        "import numpy as np\n"
        "from LungTumorSeg import LungTumorSegLogic\n"
        "from LungTumorSegLib.errors import InputError\n"
        "from LungTumorSegLib.scene import segments\n"
        "from LungTumorSegLib.scene.volumes import add_volume\n"
        "from LungTumorSegLib.volume import Grid, Volume\n"
        "from LungTumorSegLib.volume.terminology import LUNG_TUMOR\n"
        "volume = Volume(np.ones((9, 20, 20), np.int16), Grid((20, 20, 9), (10., 10., 10.)))\n"
        "node = segments.new_segmentation(add_volume(slicer.mrmlScene, volume, 'CT'))\n"
        "segments.add_segment(node, volume, LUNG_TUMOR, None)\n"
        "try:\n    LungTumorSegLogic().measure(node)\nexcept InputError as error:\n    print(error)"
    )
    assert "the Python package cc3d is not installed" in out
    assert "requirements.txt" in out


def test_slicers_test_of_the_scene_passes_here_too(module, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "Testing" / "slicer" / "Python")
    run_self_test("LungTumorSegSceneTest")


def test_the_training_modules_self_test_passes(scene):
    load("LungTumorSegTraining")
    run_self_test("LungTumorSegTraining")


def test_the_modules_self_test_passes_with_the_packaged_network(module):
    from LungTumorSegLib.model import available

    if "lung-tumor" not in available():
        pytest.skip("the packaged network lung-tumor is not there")
    run_self_test("LungTumorSeg")
