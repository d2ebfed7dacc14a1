"""A person drags the end of a RECIST line: the length counts, until the lesion changes or the person lets go of it."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.scene.volumes import add_volume, read_volume
from support.lesions import MIDDLE, drag, edit, line_of, three_lesions
from support.scenes import add_transform


def lines(scene) -> set[str]:
    number = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode")
    return {scene.GetNthNodeByClass(k, "vtkMRMLMarkupsLineNode").GetName() for k in range(number)}


def cells(table, heading: str) -> list[str]:
    column = table.GetTable().GetColumnByName(heading)
    return [column.GetVariantValue(row).ToString() for row in range(column.GetNumberOfValues())]


def test_a_dragged_end_gives_the_length_everywhere(scene, ct_node, node, segment_id, logic):
    reference = add_volume(scene, read_volume(ct_node).with_array(three_lesions()), "R", "vtkMRMLLabelMapVolumeNode")
    before = logic.measure(node, reference)
    assert before["reference"]["recist_relative_error"] == 0
    line = line_of(scene, 1, "long")
    drag(line, (12.0, -8.0, 0.0))
    length = line.GetLineLengthWorld()
    assert length != pytest.approx(before["lesions"][0]["long_axis_mm"], abs=1)
    report = logic.measure(node, reference)
    first = report["lesions"][0]
    assert first["long_axis_mm"] == pytest.approx(length)
    assert (first["long_axis_adjusted"], first["short_axis_adjusted"]) == (True, False)
    assert first["short_axis_mm"] == before["lesions"][0]["short_axis_mm"]
    assert line.GetLineLengthWorld() == pytest.approx(length), "the line stays where it was put"
    assert report["total"]["long_axis_mm"] == pytest.approx(length)
    gained = length - before["lesions"][0]["long_axis_mm"]
    assert report["total"]["sum_of_long_axes_mm"] == pytest.approx(before["total"]["sum_of_long_axes_mm"] + gained)
    assert report["reference"]["recist_relative_error"] == pytest.approx(
        abs(gained) / before["lesions"][0]["long_axis_mm"]
    )
    assert "Lesion 1: the long axis was adjusted by hand." in report["notes"]
    table = scene.GetFirstNodeByName("Lung tumor lesions")
    assert float(cells(table, "Long axis (mm)")[0]) == pytest.approx(length)
    assert cells(table, "Adjusted by hand") == ["long", "", ""]
    assert [lesion.adjusted for lesion in logic.lesions(node)] == [True, False, False]
    assert logic.measure(node, reference) == report


def test_resetting_measures_again(scene, node, segment_id, logic):
    before = logic.measure(node)
    for axis in ("long", "short"):
        drag(line_of(scene, 2, axis), (5.0, 5.0, 0.0))
    lesion = logic.lesions(node)[1]
    assert lesion.adjusted
    logic.resetAxes(node, segment_id, lesion)
    assert not logic.lesions(node)[1].adjusted
    assert line_of(scene, 2, "long").GetLineLengthWorld() == pytest.approx(before["lesions"][1]["long_axis_mm"])
    assert logic.measure(node) == before


def test_an_edit_of_the_lesion_measures_it_anew_and_leaves_the_others(scene, node, segment_id, logic):
    logic.measure(node)
    for number in (1, 2):
        drag(line_of(scene, number, "long"), (7.0, 0.0, 0.0))
    kept = line_of(scene, 1, "long").GetLineLengthWorld()
    edit(node, segment_id, (40, 40, 30, 33, 15, 17), paint=False)
    first, second, _ = logic.measure(node)["lesions"]
    assert first["long_axis_adjusted"]
    assert first["long_axis_mm"] == pytest.approx(kept)
    assert not second["long_axis_adjusted"]
    assert line_of(scene, 2, "long").GetLineLengthWorld() == pytest.approx(second["long_axis_mm"])


def test_a_dragged_line_goes_with_its_lesion_to_another_number(scene, node, segment_id, logic):
    logic.measure(node)
    line = line_of(scene, 3, "long")
    drag(line, (4.0, 0.0, 0.0))
    length = line.GetLineLengthWorld()
    edit(node, segment_id, (40, 44, 30, 33, 16, 17), paint=False)
    edit(node, segment_id, (40, 43, 30, 33, 15, 15), paint=False)  # now the smallest
    lesions = logic.measure(node)["lesions"]
    assert [lesion["long_axis_adjusted"] for lesion in lesions] == [False, True, False]
    assert lesions[1]["long_axis_mm"] == pytest.approx(length)
    assert line.GetName() == "Lesion 2 long axis"
    assert lines(scene) == {f"Lesion {number} {axis} axis" for number in (1, 2, 3) for axis in ("long", "short")}
    assert line_of(scene, 3, "long").GetLineLengthWorld() == pytest.approx(lesions[2]["long_axis_mm"])


def test_lesions_that_look_alike_keep_their_own_lines(scene, ct_node, node, segment_id, logic):
    edit(node, segment_id, (50, 54, 30, 33, 15, 17), paint=True)  # as the second, beside it
    logic.measure(node)
    drag(line_of(scene, 3, "long"), (0.0, 6.0, 0.0))
    lesions = logic.measure(node)["lesions"]
    assert [lesion["long_axis_adjusted"] for lesion in lesions] == [False, False, True, False]


def test_rejecting_hides_a_dragged_line_and_keeping_shows_it_again(scene, node, segment_id, logic):
    logic.measure(node)
    line = line_of(scene, 2, "short")
    drag(line, (3.0, 3.0, 0.0))
    length = line.GetLineLengthWorld()
    logic.setLesionKept(node, segment_id, logic.lesions(node)[1], False)
    assert not line.GetDisplayVisibility()
    assert lines(scene) == {line.GetName()} | {f"Lesion {n} {axis} axis" for n in (1, 3) for axis in ("long", "short")}
    logic.undo(node)
    assert line.GetDisplayVisibility()
    assert logic.measure(node)["lesions"][1]["short_axis_mm"] == pytest.approx(length)


def test_lines_that_a_person_has_hidden_or_named_stay_so(scene, node, logic):
    logic.measure(node)
    line = line_of(scene, 1, "long")
    line.SetDisplayVisibility(False)
    line.SetName("Target A")
    line.SetLocked(True)
    logic.measure(node)
    assert (line.GetName(), line.GetDisplayVisibility(), line.GetLocked()) == ("Target A", 0, 1)


def test_a_transform_moves_lines_and_is_not_taken_for_a_drag(scene, node, segment_id, logic):
    before = logic.measure(node)
    turn = np.eye(4)
    turn[:3, :3] = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]  # other slices are axial now
    turn[:3, 3] = (30.0, 20.0, 10.0)
    node.SetAndObserveTransformNodeID(add_transform(scene, turn).GetID())
    assert not any(lesion.adjusted for lesion in logic.lesions(node))
    turned = logic.measure(node)["lesions"][0]
    assert turned["slice_axis"] != before["lesions"][0]["slice_axis"]
    line = line_of(scene, 1, "long")
    assert line.GetTransformNodeID() == node.GetTransformNodeID()
    assert line.GetLineLengthWorld() == pytest.approx(turned["long_axis_mm"])
    node.SetAndObserveTransformNodeID(None)
    assert not any(lesion.adjusted for lesion in logic.lesions(node))


def test_a_hardened_transform_is_not_taken_for_a_drag(scene, node, segment_id, logic):
    shift = np.eye(4)
    shift[:3, 3] = (30.0, 20.0, 10.0)
    node.SetAndObserveTransformNodeID(add_transform(scene, shift).GetID())
    logic.measure(node)
    drag(line_of(scene, 2, "long"), (6.0, 0.0, 0.0))
    for one in (node, *(line_of(scene, number, axis) for number in (1, 2, 3) for axis in ("long", "short"))):
        assert one.HardenTransform()
    assert [lesion.adjusted for lesion in logic.lesions(node)] == [False, True, False]
    assert logic.measure(node)["lesions"][1]["long_axis_adjusted"]


def test_labels_say_millimetres(scene, node, logic):
    report = logic.measure(node)
    line = line_of(scene, 1, "long")
    label = line.GetPropertiesLabelText()
    assert line.GetDisplayNode().GetPropertiesLabelVisibility()
    assert "mm" in label
    shown = float(label.split(":")[-1].replace("mm", ""))
    assert shown == pytest.approx(report["lesions"][0]["long_axis_mm"], rel=0.01)


def test_a_line_whose_points_a_person_has_deleted_is_drawn_again(scene, node, logic):
    before = logic.measure(node)
    line_of(scene, 1, "long").RemoveNthControlPoint(1)
    slicer.mrmlScene.RemoveNode(line_of(scene, 2, "short"))
    assert logic.measure(node) == before
    assert line_of(scene, 1, "long").GetLineLengthWorld() == pytest.approx(before["lesions"][0]["long_axis_mm"])
    assert len(lines(scene)) == 6


def test_dragging_lasts_through_an_edit_and_its_undoing_by_hand(scene, node, segment_id, logic):
    """Voxels decide: the lesion that is again what it was has its line again only if nobody measured meanwhile."""
    logic.measure(node)
    line = line_of(scene, 2, "long")
    drag(line, (6.0, 0.0, 0.0))
    edit(node, segment_id, MIDDLE, paint=False)
    edit(node, segment_id, MIDDLE, paint=True)
    assert logic.measure(node)["lesions"][1]["long_axis_adjusted"]
