"""The examples of docs/scripting.md run, one after the other, as they stand there."""

from __future__ import annotations

import csv
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import slicer

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.scene import SegmentationLogic
from LungTumorSegLib.scene.volumes import add_volume
from LungTumorSegLib.volume.writing import write_volume
from support.models import save_constant_model

GUIDE = Path(__file__).parents[3] / "docs" / "scripting.md"


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(size=(72, 64, 44), spacing=(5.0, 5.0, 7.0))


def examples(folder: Path) -> list[str]:
    """The guide's Python, its folders and files moved below ``folder``."""
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [re.sub(r'"/(data|tmp)/', f'"{folder}/', one) for one in code]


def test_the_guides_examples_run_one_after_the_other(scene, phantom, tmp_path, monkeypatch, capsys):
    add_volume(scene, phantom.ct, "CT")
    add_volume(scene, phantom.mask, "Reference", "vtkMRMLLabelMapVolumeNode")
    write_volume_below(tmp_path / "scans", phantom.ct)
    model = save_constant_model(tmp_path / "lung-tumor")  # takes the whole lungs, in no time
    logic = SegmentationLogic()
    for name in ("segment", "segmentFolder"):  # as the guide, with a network that is small
        monkeypatch.setattr(logic, name, partial(getattr(logic, name), model=model, device="cpu"))
    monkeypatch.setattr(logic, "prepareSegmentation", partial(logic.prepareSegmentation, model=model))
    monkeypatch.setattr(slicer.util, "getModuleLogic", lambda name: logic, raising=False)
    monkeypatch.setattr(slicer.util, "getNode", scene.GetFirstNodeByName)
    said = SimpleNamespace(slicer=slicer)
    code = examples(tmp_path)
    assert len(code) > 6
    for example in code:
        exec(compile(example, str(GUIDE), "exec"), vars(said))
    assert said.segmentationNode.IsA("vtkMRMLSegmentationNode")
    assert said.rows[0]["status"] == "done"
    assert (tmp_path / "results" / "a" / "b_tumor.seg.nrrd").is_file()
    with (tmp_path / "report.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file))[:2] == ["Lesion", "Volume (mL)"]
    assert "[]" in capsys.readouterr().out, "no CT was refused"
    assert said.segmentId in said.segmentationNode.GetSegmentation().GetSegmentIDs()


def write_volume_below(folder: Path, ct) -> None:
    (folder / "a").mkdir(parents=True)
    write_volume(folder / "a" / "b.nii.gz", ct)
