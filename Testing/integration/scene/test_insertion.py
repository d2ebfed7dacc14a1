"""A mask becomes a segment beside others: same voxels, same place, nothing else changed."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from hypothesis import given

from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.geometry import ijk_to_ras
from LungTumorSegLib.scene.volumes import add_volume, read_volume
from LungTumorSegLib.volume import Grid
from LungTumorSegLib.volume.terminology import LUNG_TUMOR
from support.scenes import add_box_segment, add_ct, find_bright, mask_points, segment_points
from support.volumes import masks

CONVERTER = slicer.vtkSegmentationConverter
SURFACE = CONVERTER.GetClosedSurfaceRepresentationName()


def only_segment(node) -> str:
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    return segment_id


@given(masks(labels=1))
def test_every_voxel_lies_where_it_lay(mask):
    scene = slicer.vtkMRMLScene()
    volume_node = add_volume(scene, mask, "CT")
    node = segments.new_segmentation(volume_node)
    segment_id = segments.add_segment(node, read_volume(volume_node), LUNG_TUMOR, "test")
    np.testing.assert_allclose(segment_points(node, segment_id), mask_points(mask), atol=1e-6)
    again = segments.read_segment(node, segment_id)
    assert again.array.sum() == mask.array.sum()
    np.testing.assert_allclose(mask_points(again), mask_points(mask), atol=1e-6)


def test_voxels_read_back_by_slicer_equal_the_mask(scene, ct_node, logic):
    node = logic.segment(ct_node)
    # Slicer's own reading needs the application's module logics.
    exported = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.vtkSlicerSegmentationsModuleLogic.ExportAllSegmentsToLabelmapNode(
        node, exported, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    )
    expected = find_bright(read_volume(ct_node), None, device="", overlap=None, progress=print).mask.array
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(exported), expected)


def test_only_the_tumours_box_is_stored(ct_node, logic):
    node = logic.segment(ct_node)
    image = node.GetBinaryLabelmapInternalRepresentation(only_segment(node))
    tumour = np.argwhere(slicer.util.arrayFromVolume(ct_node) >= 1500)[:, ::-1]
    extent = np.array(image.GetExtent()).reshape(3, 2)
    np.testing.assert_array_equal(extent[:, 0], tumour.min(axis=0))
    np.testing.assert_array_equal(extent[:, 1], tumour.max(axis=0))


def test_the_segment_says_what_it_is(ct_node, logic):
    node = logic.segment(ct_node, model="folder/lung-tumor")
    segment = node.GetSegmentation().GetSegment(only_segment(node))
    assert segment.GetName() == "Lung tumor"
    np.testing.assert_allclose(segment.GetColor(), LUNG_TUMOR.color_rgb)
    entry = slicer.vtkSlicerTerminologyEntry()
    assert slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(segment.GetTerminology(), entry)
    assert (entry.GetTypeObject().GetCodeMeaning(), entry.GetTypeObject().GetCodeValue()) == ("Mass", "4147007")
    assert entry.GetRegionObject().GetCodeMeaning() == "Lung"
    assert "folder" not in str(segment)


def test_the_volume_becomes_the_reference_geometry(ct_node, logic):
    node = logic.segment(ct_node)
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is ct_node
    geometry = slicer.vtkOrientedImageData()
    parameter = node.GetSegmentation().GetConversionParameter(CONVERTER.GetReferenceImageGeometryParameterName())
    CONVERTER.DeserializeImageGeometry(parameter, geometry, False)
    assert geometry.GetDimensions() == ct_node.GetImageData().GetDimensions()
    assert node.GetDisplayNode() is not None


def test_the_segmentation_stands_beside_its_volume(scene, ct_node, logic):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.CreateItem(study, ct_node)
    node = logic.segment(ct_node)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


@pytest.fixture
def prepared(scene, ct_node):
    """A person's segmentation: two segments in one layer, one overlapping the tumour, and their surfaces."""
    slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(scene)
    node = segments.new_segmentation(ct_node)
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    to_ras = ijk_to_ras(read_volume(ct_node).grid)
    for name, extent in (("lobe", (2, 20, 3, 20, 1, 9)), ("vessel", (22, 25, 4, 8, 2, 6))):
        add_box_segment(node, name, extent, to_ras)
    slicer.vtkSlicerSegmentationsModuleLogic.CollapseBinaryLabelmaps(node, False)
    assert node.GetSegmentation().GetNumberOfLayers() == 1
    return node


def states(node, ids) -> list:
    segmentation = node.GetSegmentation()
    return [
        (
            segmentation.GetSegment(one).GetName(),
            segmentation.GetSegment(one).GetColor(),
            *segment_points(node, one).ravel(),
        )
        for one in ids
    ]


def test_other_segments_stay_as_they_are(prepared, ct_node, logic):
    ids = prepared.GetSegmentation().GetSegmentIDs()
    before = states(prepared, ids)
    assert logic.segment(ct_node, prepared) is prepared
    assert prepared.GetSegmentation().GetSegmentIDs()[:2] == ids
    assert states(prepared, ids) == before
    assert prepared.GetSegmentation().GetNumberOfLayers() == 2, "the tumour overlaps the lobe, on a layer of its own"


def test_segmenting_again_adds_another_segment(ct_node, logic):
    node = logic.segment(ct_node)
    logic.segment(ct_node, node)
    segmentation = node.GetSegmentation()
    ids = segmentation.GetSegmentIDs()
    assert [segmentation.GetSegment(one).GetName() for one in ids] == ["Lung tumor", "Lung tumor 2"]
    assert segmentation.GetNumberOfLayers() == 2


def test_a_chosen_segment_is_replaced_and_only_it(prepared, ct_node, logic):
    lobe, vessel = prepared.GetSegmentation().GetSegmentIDs()
    before = states(prepared, [vessel])
    logic.segment(ct_node, prepared, segmentId=lobe)
    assert prepared.GetSegmentation().GetSegmentIDs() == (lobe, vessel)
    assert states(prepared, [vessel]) == before
    expected = find_bright(read_volume(ct_node), None, device="", overlap=None, progress=print).mask
    np.testing.assert_allclose(segment_points(prepared, lobe), mask_points(expected), atol=1e-6)
    assert prepared.GetSegmentation().GetSegment(lobe).GetName() == "lobe"


@pytest.mark.parametrize("replace", [False, True])
def test_surfaces_are_renewed_where_there_are_any(prepared, ct_node, logic, replace):
    lobe, _ = prepared.GetSegmentation().GetSegmentIDs()
    prepared.CreateClosedSurfaceRepresentation()
    lobe_points = prepared.GetClosedSurfaceInternalRepresentation(lobe).GetNumberOfPoints()
    logic.segment(ct_node, prepared, segmentId=lobe if replace else None)
    ids = prepared.GetSegmentation().GetSegmentIDs()
    for one in ids:
        assert prepared.GetSegmentation().GetSegment(one).GetRepresentation(SURFACE).GetNumberOfPoints() > 0
    changed = prepared.GetClosedSurfaceInternalRepresentation(lobe).GetNumberOfPoints() != lobe_points
    assert changed == replace


def test_no_surface_is_made_where_there_is_none(ct_node, logic):
    node = logic.segment(ct_node)
    assert not node.GetSegmentation().ContainsRepresentation(SURFACE)


@pytest.mark.parametrize("replace", [False, True])
def test_nothing_found_is_an_empty_segment(scene, prepared, logic, replace):
    from support.volumes import chest_volume

    healthy = add_ct(scene, chest_volume())
    lobe, vessel = prepared.GetSegmentation().GetSegmentIDs()
    before = states(prepared, [vessel])
    logic.segment(healthy, prepared, segmentId=lobe if replace else None)
    ids = prepared.GetSegmentation().GetSegmentIDs()
    assert len(ids) == (2 if replace else 3)
    assert len(segment_points(prepared, lobe if replace else ids[-1])) == 0
    assert states(prepared, [vessel]) == before


def test_segments_of_another_geometry_keep_theirs(scene, prepared, logic):
    """The result keeps the voxels of its own CT, and the person's reference geometry stays what it was."""
    role = prepared.GetReferenceImageGeometryReferenceRole()
    reference = prepared.GetNodeReference(role)
    ids = prepared.GetSegmentation().GetSegmentIDs()
    before = states(prepared, ids)
    other = Grid((20, 20, 20), (13.0, 12.0, 11.0), (-100.0, -110.0, -250.0), np.diag([-1.0, 1.0, -1.0]))
    from support.scenes import ct_with_tumour

    ct = ct_with_tumour(other)
    logic.segment(add_ct(scene, ct), prepared)
    assert prepared.GetNodeReference(role) is reference
    assert states(prepared, ids) == before
    found = prepared.GetSegmentation().GetSegmentIDs()[-1]
    np.testing.assert_allclose(
        segment_points(prepared, found), mask_points(ct.with_array(ct.array >= 1500)), atol=1e-6
    )
