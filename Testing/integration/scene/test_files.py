"""Results survive saving and loading, as Slicer's own nodes do."""

from __future__ import annotations

import numpy as np
import slicer

from LungTumorSegLib.volume.terminology import LUNG_TUMOR
from support.scenes import segment_points


def test_a_saved_segmentation_loads_the_same(scene, ct_node, logic, tmp_path):
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    path = tmp_path / "tumour.seg.nrrd"
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.WriteData(node)

    other = slicer.vtkMRMLScene()
    loaded = other.AddNewNodeByClass("vtkMRMLSegmentationNode")
    reading = other.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    reading.SetFileName(str(path))
    assert reading.ReadData(loaded)
    (loaded_id,) = loaded.GetSegmentation().GetSegmentIDs()
    segment = loaded.GetSegmentation().GetSegment(loaded_id)
    np.testing.assert_allclose(segment_points(loaded, loaded_id), segment_points(node, segment_id), atol=1e-4)
    assert segment.GetName() == "Lung tumor"
    assert segment.GetTerminology() == LUNG_TUMOR.terminology
    np.testing.assert_allclose(segment.GetColor(), LUNG_TUMOR.color_rgb, atol=1e-3)
    assert logic.measure(loaded)["lesions"][0]["voxels"] == logic.measure(node)["lesions"][0]["voxels"]


def test_the_package_reads_what_the_scene_saved(scene, ct_node, logic, tmp_path):
    """The command line measures a segment that was saved by Slicer as the scene does."""
    from LungTumorSegLib.measurements import measure
    from LungTumorSegLib.volume.reading import read_mask

    node = logic.segment(ct_node)
    path = tmp_path / "tumour.seg.nrrd"
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.WriteData(node)
    (expected,) = logic.measure(node)["lesions"]
    (lesion,) = measure(read_mask(path))["lesions"]
    for key in ("volume_ml", "long_axis_mm", "short_axis_mm", "centroid_lps_mm"):
        np.testing.assert_allclose(lesion[key], expected[key], rtol=1e-5)


def test_measurements_are_found_again_in_a_saved_scene(scene, ct_node, logic):
    node = logic.segment(ct_node)
    logic.measure(node)
    scene.SetSaveToXMLString(1)
    scene.Commit()
    loaded = slicer.vtkMRMLScene()
    slicer.vtkMRMLApplicationLogic().SetMRMLScene(loaded)
    loaded.SetLoadFromXMLString(1)
    loaded.SetSceneXMLString(scene.GetSceneXMLString())
    loaded.Import()
    again = loaded.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    # Voxels are in files of their own, which were not written here.
    again.SetAndObserveSegmentation(node.GetSegmentation())
    report = logic.measure(again)
    (note,) = report["notes"]
    assert "found in cannot be used (the volume has no voxels): no HU" in note
    assert loaded.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2
    assert loaded.GetNumberOfNodesByClass("vtkMRMLTableNode") == 2
