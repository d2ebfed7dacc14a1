"""Nodes that cannot be used are refused in one line, and the scene stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.scene import SegmentationLogic, segments
from LungTumorSegLib.scene.volumes import add_volume
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.worker import Worker, WorkerError
from support.scenes import add_box_segment, add_ct, ct_with_tumour
from support.workers import stand_in

GRID = Grid((8, 8, 8), (10.0, 10.0, 10.0))


def nothing(scene):
    return None


def a_model(scene):
    return scene.AddNewNodeByClass("vtkMRMLModelNode")


def no_voxels(scene):
    return scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")


def a_labelmap(scene):
    return scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")


def several_components(scene):
    node = add_ct(scene)
    image = vtk.vtkImageData()
    image.SetDimensions(4, 4, 4)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    node.SetAndObserveImageData(image)
    return node


def not_in_hu(scene):
    return add_volume(scene, Volume(np.tile(np.arange(8, dtype=np.int16), (8, 8, 1)), GRID), "8 bit")


def not_finite(scene):
    ct = ct_with_tumour()
    array = ct.array.astype(np.float32)
    array[0, 0, 0] = np.nan
    return add_volume(scene, ct.with_array(array), "NaN")


def one_slice(scene):
    ct = ct_with_tumour()
    return add_volume(scene, Volume(ct.array[:1], Grid((*ct.grid.size[:2], 1), ct.grid.spacing)), "2D")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nothing, "got nothing"),
        (a_model, "vtkMRMLModelNode"),
        (no_voxels, "no voxels"),
        (a_labelmap, "labelmap, not a CT"),
        (several_components, "several values per voxel"),
        (not_in_hu, "Hounsfield"),
        (not_finite, "NaN"),
        (one_slice, "2D"),
    ],
)
def test_volumes_that_are_no_ct(scene, logic, make, reason):
    node = make(scene)
    before = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match=reason) as error:
        logic.segment(node)
    assert "\n" not in str(error.value)
    assert scene.GetNumberOfNodes() == before


def test_a_segmentation_of_surfaces_is_not_converted_in_passing(scene, ct_node, logic):
    node = segments.new_segmentation(ct_node)
    sphere = vtk.vtkSphereSource()
    sphere.Update()
    node.SetSourceRepresentationToClosedSurface()
    node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "planned", [1, 0, 0], "planned")
    with pytest.raises(InputError, match="Closed surface"):
        logic.segment(ct_node, node)
    assert node.GetSegmentation().GetSegmentIDs() == ("planned",)
    assert not node.GetSegmentation().ContainsRepresentation("Binary labelmap")


def test_an_unknown_segment_is_named_with_those_that_exist(scene, ct_node, logic):
    node = logic.segment(ct_node)
    with pytest.raises(InputError, match="LungTumor"):
        logic.segment(ct_node, node, segmentId="no such")
    with pytest.raises(InputError, match="no such"):
        logic.measure(node, segmentId="no such")
    with pytest.raises(InputError, match="without its segmentation"):
        logic.segment(ct_node, segmentId="LungTumor")
    with pytest.raises(InputError, match="got vtkMRMLScalarVolumeNode"):
        logic.segment(ct_node, ct_node)


def test_measuring_asks_which_segment_is_meant(scene, ct_node, logic):
    node = segments.new_segmentation(ct_node)
    with pytest.raises(InputError, match="no segment"):
        logic.measure(node)
    for name in ("lobe", "vessel"):
        add_box_segment(node, name, (1, 3, 1, 3, 1, 3), np.eye(4))
    with pytest.raises(InputError, match=r"lobe.*vessel"):
        logic.measure(node)


def test_a_segment_is_not_compared_with_itself(scene, ct_node, logic):
    node = logic.segment(ct_node)
    with pytest.raises(InputError, match="which segment is the reference"):
        logic.measure(node, node)
    with pytest.raises(InputError, match="with itself"):
        logic.measure(node, node, referenceSegmentId=node.GetSegmentation().GetSegmentIDs()[0])
    with pytest.raises(InputError, match="expected a segmentation or labelmap"):
        logic.measure(node, ct_node)


@pytest.mark.parametrize("failure", [CancelledError(), InputError("no lungs in the CT"), MemoryError()])
def test_what_goes_wrong_while_the_network_runs_leaves_the_scene_as_it_was(scene, ct_node, failure):
    def fail(ct, model, *, device, overlap, progress):
        raise failure

    before = [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())]
    with pytest.raises(type(failure)):
        SegmentationLogic(predictor=fail).segment(ct_node)
    assert [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())] == before


@pytest.mark.parametrize("fault", ["die", "text", "exit"])
def test_a_worker_that_fails_leaves_the_scene_as_it_was(scene, ct_node, fault):
    before = [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())]
    worker = Worker(stand_in(fault))
    try:
        with pytest.raises(WorkerError) as error:
            SegmentationLogic(worker).segment(ct_node)
    finally:
        worker.close()
    assert "\n" not in str(error.value)
    assert [scene.GetNthNode(k).GetID() for k in range(scene.GetNumberOfNodes())] == before


def test_a_reference_of_contours_is_converted_to_be_measured(scene, ct_node, logic):
    slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(scene)
    node = logic.segment(ct_node)
    reference = segments.new_segmentation(ct_node)
    reference.SetReferenceImageGeometryParameterFromVolumeNode(ct_node)
    reference.SetSourceRepresentationToClosedSurface()
    ball = vtk.vtkSphereSource()
    ball.SetRadius(60.0)
    ball.SetCenter(0.0, 0.0, -190.0)
    ball.Update()
    reference.AddSegmentFromClosedSurfaceRepresentation(ball.GetOutput(), "ball", [1, 0, 0], "ball")
    report = logic.measure(node, reference)
    # The sphere is a polyhedron of few faces, and the voxels are 10 mm wide.
    assert 0.6 < report["reference"]["volume_ml"] / (4 / 3 * np.pi * 6**3) < 1.1
    assert reference.GetSegmentation().GetSourceRepresentationName() == "Closed surface"
