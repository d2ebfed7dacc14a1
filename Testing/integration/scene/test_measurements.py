"""Measurements in the scene: tables, markup lines, references, and measuring again after edits."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk

from LungTumorSegLib.measurements import measure
from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.terminology import LUNG_TUMOR, LUNGS
from support.scenes import add_ct, add_transform, ct_with_tumour

GRID = Grid((60, 50, 24), (3.0, 3.2, 6.0), (-90.0, -80.0, -72.0), np.diag([-1.0, 1.0, 1.0]))


def two_lesions() -> np.ndarray:
    mask = np.zeros(GRID.shape, np.uint8)
    mask[6:12, 20:30, 10:24] = 1
    mask[15:18, 30:34, 40:45] = 1
    return mask


@pytest.fixture
def ct_node(scene):
    return add_ct(scene, ct_with_tumour(GRID, two_lesions()))


@pytest.fixture
def node(ct_node, logic):
    return logic.segment(ct_node)


def same(a, b) -> bool:
    """Tell whether two entries of a report are equal but for rounding."""
    return a == b if isinstance(a, str | bool) else np.allclose(a, b, rtol=1e-9, atol=1e-9)


def labelmap(scene, mask: Volume):
    return add_volume(scene, mask, "Reference", "vtkMRMLLabelMapVolumeNode")


def columns(table) -> dict[str, list]:
    arrays = [table.GetTable().GetColumn(c) for c in range(table.GetTable().GetNumberOfColumns())]
    return {array.GetName(): [array.GetValue(row) for row in range(array.GetNumberOfValues())] for array in arrays}


def lines(scene) -> dict:
    nodes = (scene.GetNthNodeByClass(k, "vtkMRMLMarkupsLineNode") for k in range(count(scene, "MarkupsLine")))
    return {node.GetName(): node for node in nodes}


def count(scene, kind: str) -> int:
    return scene.GetNumberOfNodesByClass(f"vtkMRML{kind}Node")


def test_the_report_is_that_of_the_mask_on_the_cts_grid(ct_node, node, logic):
    report = logic.measure(node)
    ct = read_volume(ct_node)
    expected = measure(ct.with_array(two_lesions()), ct=ct)
    for number, (lesion, alone) in enumerate(zip(report["lesions"], expected["lesions"], strict=True), start=1):
        assert lesion.pop("number") == number
        assert lesion.pop("confidence") is None
        assert [lesion.pop(f"{axis}_axis_adjusted") for axis in ("long", "short")] == [False, False]
        assert set(lesion) == set(alone)
        for key in lesion:
            assert same(lesion[key], alone[key]), key
    assert report["total"] == pytest.approx(expected["total"])
    assert report["segment"] == "Lung tumor"
    assert report["ct"] == {"size": [60, 50, 24], "spacing": pytest.approx([3.0, 3.2, 6.0])}
    assert report["notes"] == []


def test_tables_hold_the_report(scene, node, logic):
    report = logic.measure(node)
    lesions = columns(scene.GetFirstNodeByName("Lung tumor lesions"))
    assert lesions["Lesion"] == [1, 2]
    for heading, key in (
        ("Volume (mL)", "volume_ml"),
        ("Long axis (mm)", "long_axis_mm"),
        ("Short axis (mm)", "short_axis_mm"),
        ("3D diameter (mm)", "diameter_3d_mm"),
        ("Mean (HU)", "mean_hu"),
    ):
        assert lesions[heading] == pytest.approx([lesion[key] for lesion in report["lesions"]])
    assert lesions["R (mm)"] == pytest.approx([-lesion["centroid_lps_mm"][0] for lesion in report["lesions"]])
    assert lesions["S (mm)"] == pytest.approx([lesion["centroid_lps_mm"][2] for lesion in report["lesions"]])
    summary = columns(scene.GetFirstNodeByName("Lung tumor summary"))
    assert summary["Measure"] == ["Lesions", "Volume", "Longest axis", "Sum of long axes"]
    assert float(summary["Value"][1]) == pytest.approx(report["total"]["volume_ml"], rel=1e-5)
    assert summary["Unit"] == ["", "mL", "mm", "mm"]


def test_lines_are_as_long_as_the_report_says_and_end_where_it_says(scene, node, logic):
    report = logic.measure(node)
    drawn = lines(scene)
    assert len(drawn) == 4
    for number, lesion in enumerate(report["lesions"], start=1):
        for axis in ("long", "short"):
            line = drawn[f"Lesion {number} {axis} axis"]
            assert line.GetLineLengthWorld() == pytest.approx(lesion[f"{axis}_axis_mm"])
            ends = slicer.util.arrayFromMarkupsControlPoints(line, world=True)
            np.testing.assert_allclose(ends, np.array(lesion[f"{axis}_axis_points_lps_mm"]) * (-1, -1, 1), atol=1e-9)
            assert not line.GetLocked()
    colors = {axis: drawn[f"Lesion 1 {axis} axis"].GetDisplayNode().GetSelectedColor() for axis in ("long", "short")}
    assert colors["long"] != colors["short"]


def test_measurements_stand_in_a_folder_beside_the_segmentation(scene, node, logic):
    logic.measure(node)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    shown = [*lines(scene).values(), scene.GetFirstNodeByName("Lung tumor lesions")]
    (folder,) = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(one)) for one in shown}
    assert hierarchy.GetItemName(folder) == f"{node.GetName()} measurements"
    assert hierarchy.GetItemParent(folder) == hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))


def test_measuring_again_makes_no_new_nodes(scene, node, logic):
    first = logic.measure(node)
    nodes = [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())]
    assert logic.measure(node) == first
    assert [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())] == nodes


def erase(node, segment_id: str, extent, value: int = 1) -> None:
    """Erase a box as Slicer's segment editor does."""
    modifier = slicer.vtkOrientedImageData()
    image = node.GetBinaryLabelmapInternalRepresentation(segment_id)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    modifier.SetImageToWorldMatrix(matrix)
    modifier.SetExtent(extent)
    modifier.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    modifier.GetPointData().GetScalars().Fill(value)
    scene = node.GetScene()
    scene.RegisterNodeClass(slicer.vtkMRMLSegmentEditorNode())
    editor = slicer.vtkSlicerSegmentEditorLogic()
    editor.SetMRMLScene(scene)
    editor.SetSegmentEditorNode(scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.SetSegmentationNode(node)
    editor.SetCurrentSegmentID(segment_id)
    remove = slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove
    editor.ModifySegmentByLabelmap(node, segment_id, modifier, remove, False, True)


def test_erasing_a_lesion_takes_its_row_and_lines_away(scene, node, logic):
    logic.measure(node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    erase(node, segment_id, (38, 47, 28, 36, 14, 19))
    report = logic.measure(node)
    mask = two_lesions()
    mask[14:20, 28:37, 38:48] = 0
    assert report["total"]["volume_ml"] == pytest.approx(mask.sum() * GRID.voxel_ml)
    assert set(lines(scene)) == {"Lesion 1 long axis", "Lesion 1 short axis"}
    assert columns(scene.GetFirstNodeByName("Lung tumor lesions"))["Lesion"] == [1]


def test_painting_into_the_labelmap_is_measured(scene, ct_node, node, logic):
    before = logic.measure(node)["lesions"][0]["long_axis_mm"]
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    painted = slicer.vtkOrientedImageData()
    matrix = vtk.vtkMatrix4x4()
    node.GetBinaryLabelmapInternalRepresentation(segment_id).GetImageToWorldMatrix(matrix)
    painted.SetImageToWorldMatrix(matrix)
    painted.SetExtent(4, 12, 22, 25, 8, 9)
    painted.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    painted.GetPointData().GetScalars().Fill(1)
    logic_class = slicer.vtkSlicerSegmentationsModuleLogic
    logic_class.SetBinaryLabelmapToSegment(painted, node, segment_id, logic_class.MODE_MERGE_MAX)
    report = logic.measure(node)
    mask = two_lesions()
    mask[8:10, 22:26, 4:13] = 1
    assert report["lesions"][0]["voxels"] == mask[:14].sum()
    assert report["lesions"][0]["long_axis_mm"] > before
    assert lines(scene)["Lesion 1 long axis"].GetLineLengthWorld() == pytest.approx(
        report["lesions"][0]["long_axis_mm"]
    )


def test_an_erased_segment_has_no_lesion(scene, node, logic):
    logic.measure(node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, segment_id)
    report = logic.measure(node)
    assert report["lesions"] == []
    assert report["total"]["count"] == 0
    assert lines(scene) == {}
    assert columns(scene.GetFirstNodeByName("Lung tumor lesions"))["Lesion"] == []
    assert columns(scene.GetFirstNodeByName("Lung tumor summary"))["Value"] == ["0", "0", "0", "0"]


def test_each_segment_has_its_own_measurements(scene, ct_node, node, logic):
    logic.segment(ct_node, node)
    first, second = node.GetSegmentation().GetSegmentIDs()
    assert logic.measure(node)["segment"] == "Lung tumor 2"
    assert logic.measure(node, segmentId=first)["segment"] == "Lung tumor"
    assert count(scene, "MarkupsLine") == 8
    slicer.vtkSlicerSegmentationsModuleLogic.ClearSegment(node, second)
    logic.measure(node, segmentId=second)
    assert count(scene, "MarkupsLine") == 4


def shifted_reference(ct_node) -> Volume:
    mask = np.roll(two_lesions(), 2, axis=2)
    return read_volume(ct_node).with_array(mask)


@pytest.mark.parametrize("kind", ["labelmap", "segmentation", "another segment"])
def test_a_reference_of_any_kind_gives_the_same_comparison(scene, ct_node, node, logic, kind):
    reference = shifted_reference(ct_node)
    ct = read_volume(ct_node)
    expected = measure(ct.with_array(two_lesions()), reference=reference)["reference"]
    if kind == "labelmap":
        report = logic.measure(node, labelmap(scene, reference))
    elif kind == "segmentation":
        other = segments.new_segmentation(ct_node)
        segments.add_segment(other, reference, LUNGS, "")
        report = logic.measure(node, other)
    else:
        tumour = node.GetSegmentation().GetSegmentIDs()[0]
        second = segments.add_segment(node, reference, LUNGS, "")
        report = logic.measure(node, node, segmentId=tumour, referenceSegmentId=second)
    assert report["reference"] == expected
    assert report["notes"] == []
    assert 0 < report["reference"]["dice"] < 1
    summary = columns(scene.GetFirstNodeByName("Lung tumor summary"))
    value = dict(zip(summary["Measure"], summary["Value"], strict=True))
    assert float(value["Dice"]) == pytest.approx(expected["dice"], abs=1e-5)
    assert float(value["HD95"]) == pytest.approx(expected["hd95_mm"], rel=1e-4)


def test_the_comparison_leaves_the_summary_when_there_is_none_any_more(scene, ct_node, node, logic):
    logic.measure(node, labelmap(scene, shifted_reference(ct_node)))
    logic.measure(node)
    assert "Dice" not in columns(scene.GetFirstNodeByName("Lung tumor summary"))["Measure"]


def test_a_reference_on_another_grid_is_resampled_and_the_report_says_so(scene, ct_node, node, logic):
    """Finer, aside by part of a voxel, other axes: the same tumour, so the agreement is nearly full."""
    fine = Grid((84, 104, 126), (1.7, 1.55, 1.45), (-269.0, 79.0, -73.0), np.array([[0, 0, 1], [0, -1, 0], [1, 0, 0]]))
    # Where each fine voxel lies among the coarse ones, by the grids alone.
    index = np.stack(np.meshgrid(*[np.arange(n) for n in fine.shape], indexing="ij")[::-1], axis=-1)
    coarse = np.round(GRID.to_index(fine.to_physical(index))).astype(int)
    inside = ((coarse >= 0) & (coarse < GRID.size)).all(axis=-1)
    coarse = np.clip(coarse, 0, np.array(GRID.size) - 1)
    mask = two_lesions()[coarse[..., 2], coarse[..., 1], coarse[..., 0]] * inside
    report = logic.measure(node, labelmap(scene, Volume(mask.astype(np.uint8), fine)))
    assert report["reference"]["dice"] > 0.97
    assert report["reference"]["volume_ml"] == pytest.approx(report["total"]["volume_ml"], rel=0.05)
    assert any("resampled" in note for note in report["notes"])
    assert "mean_hu" in report["lesions"][0]


def test_a_reference_under_a_transform_is_compared_where_it_is_seen(scene, ct_node, node, logic):
    reference = read_volume(ct_node).with_array(two_lesions())
    aside = labelmap(scene, reference)
    shift = np.eye(4)
    shift[0, 3] = 6.0  # two voxels
    aside.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    report = logic.measure(node, aside)
    moved = np.roll(two_lesions(), 2, axis=2)  # index x runs towards the right (-L), as world R does
    expected = measure(reference, reference=reference.with_array(moved))["reference"]["dice"]
    assert report["reference"]["dice"] == pytest.approx(expected)


def test_both_empty_is_said_and_not_zero(scene, ct_node, logic):
    node = segments.new_segmentation(ct_node)
    empty = read_volume(ct_node).with_array(np.zeros(GRID.shape, np.uint8))
    segments.add_segment(node, empty, LUNG_TUMOR, "")
    report = logic.measure(node, labelmap(scene, empty))
    assert report["reference"]["dice"] is None
    summary = columns(scene.GetFirstNodeByName("Lung tumor summary"))
    value = dict(zip(summary["Measure"], summary["Value"], strict=True))
    assert value["Dice"] == "none"
    assert [value["Note"]] == report["reference"]["notes"]


def test_a_segment_off_the_cts_voxels_is_measured_without_hu(scene, ct_node, node, logic):
    half = Grid((4, 4, 4), GRID.spacing, tuple(np.array(GRID.origin) + 1.0), GRID.direction)
    segments.add_segment(node, Volume(np.ones(half.shape, np.uint8), half), LUNG_TUMOR, "")
    report = logic.measure(node)
    assert report["total"]["volume_ml"] == pytest.approx(64 * half.voxel_ml)
    assert "mean_hu" not in report["lesions"][0]
    assert "ct" not in report
    assert any("no HU" in note for note in report["notes"])


def test_a_segment_beyond_the_ct_is_measured_whole(scene, ct_node, node, logic):
    outside = Grid((4, 4, 4), GRID.spacing, tuple(GRID.to_physical((-2, 0, 0))), GRID.direction)
    segments.add_segment(node, Volume(np.ones(outside.shape, np.uint8), outside), LUNG_TUMOR, "")
    report = logic.measure(node)
    assert report["total"]["volume_ml"] == pytest.approx(64 * outside.voxel_ml)
    assert any("beyond the CT" in note for note in report["notes"])
    summary = columns(scene.GetFirstNodeByName("Lung tumor 2 summary"))
    assert (summary["Measure"][-1], [summary["Value"][-1]]) == ("Note", report["notes"])
