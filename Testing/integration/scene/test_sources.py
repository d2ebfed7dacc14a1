"""A segment belongs to the CT it was found in, whichever segmentation holds it."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from LungTumorSegLib.volume.terminology import LUNG_TUMOR
from support.scenes import BRIGHT_HU, SECOND_HU, add_ct, ct_with_tumour


def mean_hu(report: dict) -> float:
    return report["lesions"][0]["mean_hu"]


def test_hu_come_from_the_ct_that_the_segment_was_found_in(ct_node, second_ct, logic):
    node = logic.segment(ct_node)
    assert logic.segment(second_ct, node) is node, "the person's choice is kept"
    first, second = node.GetSegmentation().GetSegmentIDs()
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is ct_node
    assert mean_hu(logic.measure(node, segmentId=first)) == BRIGHT_HU
    assert mean_hu(logic.measure(node, segmentId=second)) == SECOND_HU
    assert mean_hu(logic.measure(node, segmentId=second, volumeNode=ct_node)) == BRIGHT_HU


def test_a_replaced_segment_changes_its_ct_and_undo_brings_it_back(ct_node, second_ct, logic):
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    logic.segment(second_ct, node, segmentId=segment_id)
    assert mean_hu(logic.measure(node)) == SECOND_HU
    logic.undo(node)
    assert mean_hu(logic.measure(node)) == BRIGHT_HU
    logic.redo(node)
    assert mean_hu(logic.measure(node)) == SECOND_HU


def test_a_segment_drawn_by_hand_is_measured_on_the_reference_volume(ct_node, second_ct, logic):
    node = segments.new_segmentation(second_ct)
    segments.add_segment(node, read_volume(ct_node).with_array(ct_with_tumour().array >= BRIGHT_HU), LUNG_TUMOR, "")
    assert mean_hu(logic.measure(node)) == SECOND_HU


def test_without_its_ct_a_segment_is_measured_without_hu(scene, ct_node, second_ct, logic):
    node = logic.segment(ct_node)
    logic.segment(second_ct, node)
    scene.RemoveNode(second_ct)
    report = logic.measure(node)
    assert "mean_hu" not in report["lesions"][0]
    assert any("no longer known" in note and "no HU" in note for note in report["notes"])
    assert mean_hu(logic.measure(node, volumeNode=ct_node)) == BRIGHT_HU


def test_a_copied_segment_does_not_take_another_ct_for_its_own(ct_node, second_ct, logic):
    """Copied as the Segmentations module does, between segmentations of two patients."""
    node, other = logic.segment(ct_node), logic.segment(second_ct)
    (copied,) = node.GetSegmentation().GetSegmentIDs()
    assert other.GetSegmentation().CopySegmentFromSegmentation(node.GetSegmentation(), copied)
    report = logic.measure(other, segmentId=other.GetSegmentation().GetSegmentIDs()[-1])
    assert "mean_hu" not in report["lesions"][0]


def test_the_ct_is_found_again_in_a_saved_scene(scene, ct_node, second_ct, logic):
    """Imported into a scene in which the nodes' IDs are taken."""
    node = logic.segment(ct_node)
    logic.segment(second_ct, node)
    scene.SetSaveToXMLString(1)
    scene.Commit()
    loaded = slicer.vtkMRMLScene()
    slicer.vtkMRMLApplicationLogic().SetMRMLScene(loaded)
    taken = [add_ct(loaded), add_ct(loaded)]
    loaded.SetLoadFromXMLString(1)
    loaded.SetSceneXMLString(scene.GetSceneXMLString())
    loaded.Import()
    again = loaded.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    # Voxels are in files of their own, which were not written here.
    again.SetAndObserveSegmentation(node.GetSegmentation())
    volumes = [loaded.GetNthNodeByClass(k, "vtkMRMLScalarVolumeNode") for k in range(4)]
    saved = [volume for volume in volumes if volume not in taken]
    for volume, origin in zip(saved, (ct_node, second_ct), strict=True):
        volume.SetAndObserveImageData(origin.GetImageData())
    first, second = again.GetSegmentation().GetSegmentIDs()
    assert mean_hu(logic.measure(again, segmentId=first)) == BRIGHT_HU
    assert mean_hu(logic.measure(again, segmentId=second)) == SECOND_HU


def labelmap_of(scene, volume):
    mask = volume.with_array((volume.array >= BRIGHT_HU).view(np.uint8))
    return add_volume(scene, mask, "Mask", "vtkMRMLLabelMapVolumeNode")


def magnetic_resonance(scene, volume):
    return add_ct(scene, volume.with_array((volume.array + 1024) // 4))


def not_a_number(scene, volume):
    array = volume.array.astype(np.float32)
    array[volume.array >= BRIGHT_HU] = np.nan
    return add_ct(scene, volume.with_array(array))


@pytest.mark.parametrize(
    ("make", "reason"), [(labelmap_of, "labelmap"), (magnetic_resonance, "Hounsfield"), (not_a_number, "NaN")]
)
def test_a_reference_volume_that_is_no_ct_gives_no_hu(scene, ct_node, logic, make, reason):
    ct = read_volume(ct_node)
    node = segments.new_segmentation(ct_node)
    segments.add_segment(node, ct.with_array(ct.array >= BRIGHT_HU), LUNG_TUMOR, "")
    other = make(scene, ct)
    node.SetReferenceImageGeometryParameterFromVolumeNode(other)
    report = logic.measure(node)
    assert "mean_hu" not in report["lesions"][0]
    assert "ct" not in report
    (note,) = report["notes"]
    assert reason in note
    assert "no HU" in note
    with pytest.raises(InputError, match=reason):
        logic.measure(node, volumeNode=other)
