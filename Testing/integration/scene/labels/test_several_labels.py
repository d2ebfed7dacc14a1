"""Models of several labels, and of organs: a segment for each, lesions only where there are lesions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import slicer

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene import LiveMeasurement, SegmentationLogic
from LungTumorSegLib.scene.insertion import FoundLabels
from LungTumorSegLib.scene.segments import choose_segment, is_organ
from LungTumorSegLib.scene.tags import get_tag
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from LungTumorSegLib.volume import Volume
from LungTumorSegLib.volume.terminology import PANCREAS, PANCREATIC_CANCER
from support.lesions import GRID, LARGE, MIDDLE, SMALL, add_ct_with_lesions, box_of, edit, voxels
from support.scenes import new_scene

ORGAN, CANCER = 1, 2
AROUND = (5, 45, 15, 35, 4, 19)  # of the pancreas: LARGE and MIDDLE lie in it


def labels() -> np.ndarray:
    mask = np.zeros(GRID.shape, np.uint8)
    mask[box_of(AROUND)] = ORGAN
    for extent in (LARGE, MIDDLE):
        mask[box_of(extent)] = CANCER
    return mask


def find_pancreas(ct: Volume, model, **ignored) -> SimpleNamespace:
    """Stands in for the network: a pancreas and its cancer; the second time (``again``) the cancer is another."""
    mask = labels()
    if model == "again":
        mask[mask == CANCER] = ORGAN
        mask[box_of(SMALL)] = CANCER
    places = [tuple((part.start + part.stop) // 2 for part in box_of(extent)) for extent in (LARGE, MIDDLE)]
    lesions = [{"label": CANCER, "voxel_zyx": place, "confidence": 0.75} for place in places]
    names = {ORGAN: "Pancreas", CANCER: "Pancreatic cancer"}
    return SimpleNamespace(mask=ct.with_array(mask), lesions=lesions, labels=names, lesion_labels=(CANCER,))


def find_lungs(ct: Volume, model, **ignored) -> SimpleNamespace:
    """Stands in for the network: lungs of two thousand specks, which nobody may count as lesions."""
    mask = np.zeros(ct.array.shape, np.uint8)
    mask[::2, ::4, ::4] = 1
    return SimpleNamespace(mask=ct.with_array(mask), lesions=[], labels={1: "Lungs"}, lesion_labels=())


def find_anything(ct: Volume, model, **settings) -> SimpleNamespace:
    return (find_lungs if model == "lungs" else find_pancreas)(ct, model, **settings)


@pytest.fixture
def logic():
    return SegmentationLogic(predictor=find_anything)


@pytest.fixture
def ct_node(scene):
    return add_ct_with_lesions(scene)


@pytest.fixture
def node(ct_node, logic):
    return logic.segment(ct_node, model="pancreas")


def names(node) -> list[str]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(one).GetName() for one in segmentation.GetSegmentIDs()]


def ids(node) -> list[str]:
    return list(node.GetSegmentation().GetSegmentIDs())


def nodes_named(scene, text: str) -> list[str]:
    count = scene.GetNumberOfNodes()
    found = [scene.GetNthNode(number).GetName() or "" for number in range(count)]
    return [name for name in found if text in name]


def test_each_label_has_a_segment_that_looks_like_what_it_is(node):
    assert names(node) == ["Pancreas", "Pancreatic cancer"]
    for segment_id, style in zip(ids(node), (PANCREAS, PANCREATIC_CANCER), strict=True):
        segment = node.GetSegmentation().GetSegment(segment_id)
        assert segment.GetColor() == pytest.approx(style.color_rgb)
        assert get_tag(node, segment_id, segment.GetTerminologyEntryTagName()) == style.terminology
    assert [is_organ(node, one) for one in ids(node)] == [True, False]


def test_lesions_lines_and_rejecting_are_of_the_lesions_only(scene, node, logic):
    organ, cancer = ids(node)
    assert choose_segment(node) == cancer
    assert [lesion.confidence for lesion in logic.lesions(node)] == [0.75, 0.75]
    assert logic.lesions(node, organ) == []
    report = logic.measure(node, segmentId=organ)
    assert report["lesions"] == []
    (whole,) = report["segments"]
    assert (whole["name"], whole["lesion"]) == ("Pancreas", False)
    size = voxels(AROUND) - voxels(LARGE) - voxels(MIDDLE)
    assert whole["volume_ml"] == pytest.approx(size * GRID.voxel_ml)
    assert nodes_named(scene, "axis") == []
    assert nodes_named(scene, "Pancreas lesions") == []
    assert nodes_named(scene, "Pancreas summary")
    assert logic.measure(node)["total"]["count"] == 2
    assert len(nodes_named(scene, "axis")) == 4
    lesion = logic.lesions(node)[0]
    with pytest.raises(InputError, match="Pancreas: it is an organ and holds no lesions"):
        logic.setLesionKept(node, organ, lesion, False)
    with pytest.raises(InputError, match="Pancreas: it is an organ"):
        logic.resetAxes(node, organ, lesion)


def test_undo_takes_all_segments_of_a_result_back_in_one_step(node, logic):
    assert logic.undo(node)
    assert ids(node) == []
    assert not logic.canUndo(node)
    assert logic.redo(node)
    assert names(node) == ["Pancreas", "Pancreatic cancer"]
    assert choose_segment(node) == ids(node)[1]


@pytest.mark.parametrize("chosen", [0, 1])
def test_segmenting_again_replaces_all_segments_of_the_result(ct_node, node, logic, chosen):
    before = ids(node)
    logic.setLesionKept(node, None, logic.lesions(node)[1], False)
    node.GetSegmentation().GetSegment(before[0]).SetName("Bauchspeicheldrüse")
    _, segment_id = again(logic, ct_node, node, before[chosen], "again")
    assert ids(node) == before, "what was rejected went with the lesions that it was rejected of"
    assert segment_id == before[1]
    assert names(node) == ["Bauchspeicheldrüse", "Pancreatic cancer"], "a name that a person gave stays"
    (lesion,) = logic.lesions(node)
    assert lesion.volume_ml == pytest.approx(voxels(SMALL) * GRID.voxel_ml)
    assert logic.measure(node, segmentId=before[0])["segments"][0]["volume_ml"] > voxels(AROUND) * GRID.voxel_ml * 0.98
    assert logic.undo(node)
    assert [lesion.kept for lesion in logic.lesions(node)] == [True, False]


def again(logic, ct_node, node, segment_id, model):
    request = logic.prepareSegmentation(ct_node, node, segment_id, model=model)
    return logic.insertResult(request, find_anything(request.ct, model))


def test_another_models_result_takes_the_place_of_the_whole_old_one(ct_node, node, logic):
    """Two segments become one, which is called what it is now; undo brings both back."""
    organ, cancer = ids(node)
    logic.measure(node, segmentId=organ)
    _, segment_id = again(logic, ct_node, node, cancer, "lungs")
    assert ids(node) == [segment_id] == [cancer]
    assert names(node) == ["Lungs"]
    assert is_organ(node, cancer)
    assert logic.undo(node)
    assert names(node) == ["Pancreas", "Pancreatic cancer"]
    assert not is_organ(node, cancer)


def test_a_segment_drawn_by_hand_is_replaced_by_the_lesions(scene, ct_node, logic):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "By hand")
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    drawn = node.GetSegmentation().AddEmptySegment("mine", "Mine")
    _, segment_id = again(logic, ct_node, node, drawn, "pancreas")
    assert segment_id == drawn
    assert names(node) == ["Mine", "Pancreas"]
    assert len(logic.lesions(node, drawn)) == 2


def test_results_of_two_models_stand_side_by_side(ct_node, node, logic):
    logic.segment(ct_node, node, model="lungs")
    assert names(node) == ["Pancreas", "Pancreatic cancer", "Lungs"]
    assert choose_segment(node) == ids(node)[2], "the newest result"
    assert logic.measure(node)["segments"][0]["name"] == "Lungs"
    logic.segment(ct_node, node, model="pancreas")
    assert names(node)[3:] == ["Pancreas 2", "Pancreatic cancer 2"]
    assert choose_segment(node) == ids(node)[4]


def test_an_organ_that_is_edited_is_measured_anew(node, logic):
    organ = ids(node)[0]
    live = LiveMeasurement(logic, lambda: None)
    live.start(node, organ)
    before = live.measure()["segments"][0]["volume_ml"]
    added = (50, 55, 40, 45, 20, 22)
    edit(node, organ, added, paint=True)
    assert live.dirty
    assert live.measure()["segments"][0]["volume_ml"] == pytest.approx(before + voxels(added) * GRID.voxel_ml)
    live.stop()


def test_a_labelmap_of_several_labels_is_compared_label_by_label(scene, ct_node, node, logic):
    truth = add_volume(scene, read_volume(ct_node).with_array(labels()), "T", "vtkMRMLLabelMapVolumeNode")
    organ, cancer = ids(node)
    for segment_id in (organ, cancer):
        report = logic.measure(node, truth, segmentId=segment_id)
        assert report["reference"]["dice"] == report["segments"][0]["dice"] == 1.0
    assert logic.measure(node, truth, segmentId=organ)["reference"]["lesions"] == []
    assert logic.measure(node, truth, segmentId=organ)["reference"]["hd95_mm"] == 0
    one = add_volume(
        scene, read_volume(ct_node).with_array((labels() == CANCER).astype(np.uint8)), "C", "vtkMRMLLabelMapVolumeNode"
    )
    assert logic.measure(node, one, segmentId=cancer)["reference"]["dice"] == 1.0, "of one label, it is that label"


def test_lungs_of_many_specks_are_one_organ(ct_node, logic):
    node = logic.segment(ct_node, model="lungs")
    report = logic.measure(node)
    assert report["segments"][0]["volume_ml"] > 0
    assert logic.lesions(node) == []
    assert "Volume of Lungs" in logic.reportText(report)
    assert "Longest axis" not in logic.reportText(report)


def test_what_is_an_organ_is_known_after_loading(scene, node, logic, tmp_path):
    expected = logic.measure(node, segmentId=ids(node)[0])["segments"]
    path = tmp_path / "scene.mrb"
    assert scene.WriteToMRB(str(path))
    scene.Clear()
    loaded = slicer.mrmlScene = new_scene(tmp_path)
    assert loaded.ReadFromMRB(str(path))
    node = loaded.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert [is_organ(node, one) for one in ids(node)] == [True, False]
    assert choose_segment(node) == ids(node)[1]
    (whole,) = logic.measure(node, segmentId=ids(node)[0])["segments"]
    assert whole["volume_ml"] == pytest.approx(expected[0]["volume_ml"])


def test_a_result_that_says_nothing_of_labels_is_of_lung_tumours():
    found = FoundLabels.of(SimpleNamespace())
    assert (dict(found.names), found.lesions, found.main) == ({1: "Lung tumor"}, (1,), 1)
