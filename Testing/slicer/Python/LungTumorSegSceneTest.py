"""Self test of the scene, for ctest inside a real Slicer; pytest runs it on Slicer Core too.

It uses ``slicer.mrmlScene`` and the module's logic as a person's script would. A threshold stands in for the network
here; the packaged network has its own test in ``LungTumorSeg.py``.
"""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import slicer
import vtk

from LungTumorSeg import LungTumorSegLogic

BRIGHT, AIR = 1500, -850
EXTENT = (8, 15, 10, 17, 4, 9)  # of the tumour: i, j, k
SECOND = (24, 27, 12, 14, 6, 8)  # of a second lesion, where a test has one
CONFIDENCE = 0.8  # of every lesion


def findBright(ct, model, *, device, overlap, progress):
    """Stands in for the network: bright is tumour, and both lesions are equally sure."""
    lesions = [
        {"voxel_zyx": (extent[4], extent[2], extent[0]), "confidence": CONFIDENCE}
        for extent in (EXTENT, SECOND)
        if ct.array[extent[4], extent[2], extent[0]] >= BRIGHT
    ]
    return SimpleNamespace(mask=ct.with_array((ct.array >= BRIGHT).astype(np.uint8)), lesions=lesions)


def findOrganAndLesions(ct, model, **settings):
    """Stands in for a network of two labels: what is bright is a lesion, and the air around it an organ."""
    found = findBright(ct, model, **settings)
    labels = np.where(found.mask.array > 0, 2, ct.array == AIR).astype(np.uint8)
    found.mask, found.labels, found.lesion_labels = (
        ct.with_array(labels),
        {1: "Pancreas", 2: "Pancreatic cancer"},
        (2,),
    )
    return found


def addCT(*extents):
    """Add a block of tissue with an air-filled hole and bright boxes, on an oblique grid."""
    array = np.full((16, 30, 40), 40, np.int16)
    array[2:14, 4:26, 4:36] = AIR
    for i0, i1, j0, j1, k0, k1 in extents or (EXTENT,):
        array[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1] = BRIGHT
    turn = vtk.vtkTransform()
    turn.RotateWXYZ(25, 1, 2, 3)
    turn.Scale(4, 4, 6)
    return slicer.util.addVolumeFromArray(array, turn.GetMatrix(), "CT")


def addOtherSegment(segmentation, volume):
    """Add a segment of another structure that overlaps the tumour."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    image = slicer.vtkOrientedImageData()
    image.SetImageToWorldMatrix(matrix)
    image.SetExtent(2, 20, 2, 20, 2, 6)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(1)
    return segmentation.AddSegmentFromBinaryLabelmapRepresentation(image, "Lobe", [1.0, 0.5, 0.5])


def exportedVoxels(segmentation, volume, segmentId):
    """Return a segment's voxels on the volume's grid, by Slicer's own export."""
    ids = vtk.vtkStringArray()
    ids.InsertNextValue(segmentId)
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(segmentation, ids, labelmap, volume)
    array = slicer.util.arrayFromVolume(labelmap) != 0
    slicer.mrmlScene.RemoveNode(labelmap)
    return array


class LungTumorSegSceneTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear()
        self.volume = addCT()
        self.tumour = slicer.util.arrayFromVolume(self.volume) >= BRIGHT
        self.logic = LungTumorSegLogic(predictor=findBright)

    def needs(self, *packages):
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            self.skipTest(f"measuring was not tested: not installed are {', '.join(missing)}")

    def test_SegmentBesideOthers(self):
        node = self.logic.segment(self.volume)
        other = addOtherSegment(node, self.volume)
        before = exportedVoxels(node, self.volume, other)
        assert self.logic.segment(self.volume, node) is node
        first, _, second = node.GetSegmentation().GetSegmentIDs()
        for one in (first, second):
            np.testing.assert_array_equal(exportedVoxels(node, self.volume, one), self.tumour)
        np.testing.assert_array_equal(exportedVoxels(node, self.volume, other), before)
        assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is self.volume
        assert node.GetSegmentation().GetSegment(second).GetName() == "Lung tumor 2"

    def test_SubjectHierarchyPlace(self):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
        item = hierarchy.GetItemByDataNode(self.volume)
        if item:
            hierarchy.SetItemParent(item, study)
        else:
            hierarchy.CreateItem(study, self.volume)
        node = self.logic.segment(self.volume)
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study

    def test_UndoAndRedo(self):
        node = self.logic.segment(self.volume)
        other = addOtherSegment(node, self.volume)
        self.logic.segment(self.volume, node)
        assert self.logic.undo(node)
        assert node.GetSegmentation().GetNumberOfSegments() == 2
        assert node.GetSegmentation().GetSegment(other) is not None
        assert self.logic.redo(node)
        np.testing.assert_array_equal(
            exportedVoxels(node, self.volume, node.GetSegmentation().GetSegmentIDs()[-1]), self.tumour
        )

    def test_ClosedSurfaceIsRenewed(self):
        slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(slicer.mrmlScene)
        node = self.logic.segment(self.volume)
        assert node.CreateClosedSurfaceRepresentation()
        self.logic.segment(self.volume, node)
        for one in node.GetSegmentation().GetSegmentIDs():
            assert node.GetClosedSurfaceInternalRepresentation(one).GetNumberOfPoints() > 0

    def test_EditAndMeasureAgain(self):
        self.needs("cc3d", "scipy")
        node = self.logic.segment(self.volume)
        (segmentId,) = node.GetSegmentation().GetSegmentIDs()
        self.assertVolume(self.logic.measure(node), self.tumour)
        eraser = slicer.vtkOrientedImageData()
        matrix = vtk.vtkMatrix4x4()
        self.volume.GetIJKToRASMatrix(matrix)
        eraser.SetImageToWorldMatrix(matrix)
        eraser.SetExtent(8, 9, 10, 17, 4, 9)
        eraser.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        eraser.GetPointData().GetScalars().Fill(0)
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        logic.SetBinaryLabelmapToSegment(eraser, node, segmentId, logic.MODE_MERGE_MIN, eraser.GetExtent())
        left = self.tumour.copy()
        left[:, :, :10] = False
        report = self.logic.measure(node)
        self.assertVolume(report, left)
        line = slicer.mrmlScene.GetFirstNodeByName("Lesion 1 long axis")
        assert abs(line.GetLineLengthWorld() - report["lesions"][0]["long_axis_mm"]) < 1e-6
        table = slicer.mrmlScene.GetFirstNodeByName("Lung tumor lesions")
        assert table.GetNumberOfRows() == 1

    def test_ParentTransform(self):
        self.needs("cc3d", "scipy")
        moved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        turn = vtk.vtkTransform()
        turn.Translate(10, -20, 30)
        turn.RotateWXYZ(40, 3, 1, 2)
        moved.SetMatrixTransformToParent(turn.GetMatrix())
        self.volume.SetAndObserveTransformNodeID(moved.GetID())
        node = self.logic.segment(self.volume)
        (lesion,) = self.logic.measure(node)["lesions"]
        matrix = vtk.vtkMatrix4x4()
        self.volume.GetIJKToRASMatrix(matrix)
        middle = [(EXTENT[2 * axis] + EXTENT[2 * axis + 1]) / 2 for axis in range(3)]
        seen = turn.TransformPoint(matrix.MultiplyPoint([*middle, 1.0])[:3])
        np.testing.assert_allclose(lesion["centroid_lps_mm"], np.array(seen) * (-1, -1, 1), atol=1e-4)

    def test_RejectKeepAndUndo(self):
        self.needs("cc3d", "scipy")
        self.volume = addCT(EXTENT, SECOND)
        node = self.logic.segment(self.volume)
        other = addOtherSegment(node, self.volume)
        before = exportedVoxels(node, self.volume, other)
        (segmentId, _) = node.GetSegmentation().GetSegmentIDs()
        whole = exportedVoxels(node, self.volume, segmentId)
        lesions = self.logic.lesions(node, segmentId)
        assert [(lesion.number, lesion.kept) for lesion in lesions] == [(1, True), (2, True)]
        assert [lesion.confidence for lesion in lesions] == [CONFIDENCE, CONFIDENCE]
        self.logic.measure(node, segmentId=segmentId)
        self.logic.setLesionKept(node, segmentId, lesions[1], False)
        hidden = node.GetSegmentation().GetSegmentIDs()[-1]
        assert node.GetSegmentation().GetSegment(hidden).GetName() == "Lung tumor rejected"
        assert not node.GetDisplayNode().GetSegmentVisibility(hidden)
        assert exportedVoxels(node, self.volume, hidden).sum() == 4 * 3 * 3
        assert exportedVoxels(node, self.volume, segmentId).sum() == whole.sum() - 4 * 3 * 3
        table = slicer.mrmlScene.GetFirstNodeByName("Lung tumor lesions")
        assert table.GetNumberOfRows() == 1, "what is shown follows"
        assert self.logic.undo(node)
        np.testing.assert_array_equal(exportedVoxels(node, self.volume, segmentId), whole)
        assert table.GetNumberOfRows() == 2
        assert self.logic.redo(node)
        self.logic.setLesionKept(node, segmentId, lesions[1], True)
        np.testing.assert_array_equal(exportedVoxels(node, self.volume, segmentId), whole)
        np.testing.assert_array_equal(exportedVoxels(node, self.volume, other), before)

    def test_DraggedLineIsTheLength(self):
        self.needs("cc3d", "scipy")
        from LungTumorSegLib.scene import LiveMeasurement

        node = self.logic.segment(self.volume)
        heard = []
        live = LiveMeasurement(self.logic, lambda: heard.append(True))
        live.start(node)
        measured = live.measure()["lesions"][0]["long_axis_mm"]
        assert not heard
        line = slicer.mrmlScene.GetFirstNodeByName("Lesion 1 long axis")
        assert "mm" in line.GetPropertiesLabelText()
        x, y, z = line.GetNthControlPointPositionWorld(1)
        line.SetNthControlPointPositionWorld(1, x + 9, y - 5, z)
        assert live.dirty
        (lesion,) = live.measure()["lesions"]
        assert lesion["long_axis_adjusted"]
        np.testing.assert_allclose(lesion["long_axis_mm"], line.GetLineLengthWorld())
        self.logic.resetAxes(node, None, self.logic.lesions(node)[0])
        np.testing.assert_allclose(line.GetLineLengthWorld(), measured)
        live.stop()

    def test_PreviewLeavesNothing(self):
        request = self.logic.prepareSegmentation(self.volume)
        number = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
        found = findBright(request.ct, None, device="", overlap=None, progress=print)
        for _ in range(2):
            self.logic.showPreview(request, found.mask)
            assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == number + 1
        node, segmentId = self.logic.insertResult(request, found)
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == number + 1
        np.testing.assert_array_equal(exportedVoxels(node, self.volume, segmentId), self.tumour)

    def test_SceneClosedInMidRun(self):
        from LungTumorSegLib.errors import InputError

        request = self.logic.prepareSegmentation(self.volume)
        found = findBright(request.ct, None, device="", overlap=None, progress=print)
        slicer.mrmlScene.Clear()
        refused = ""
        try:
            self.logic.insertResult(request, found)
        except InputError as error:
            refused = str(error)
        assert "no longer in the scene" in refused
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0

    def test_SavedSceneHasEverything(self):
        self.needs("cc3d", "scipy")
        if slicer.mrmlScene.GetDataIOManager() is None:
            self.skipTest(
                "bundles need the application's cache; Testing/integration/scene/test_saved_scene.py has one"
            )
        self.volume = addCT(EXTENT, SECOND)
        node = self.logic.segment(self.volume)
        (segmentId,) = node.GetSegmentation().GetSegmentIDs()
        self.logic.measure(node)
        self.logic.setLesionKept(node, segmentId, self.logic.lesions(node)[1], False)
        line = slicer.mrmlScene.GetFirstNodeByName("Lesion 1 short axis")
        x, y, z = line.GetNthControlPointPositionWorld(0)
        line.SetNthControlPointPositionWorld(0, x - 7, y, z)
        expected = self.logic.lesions(node)
        assert [lesion.adjusted for lesion in expected] == [True, False]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scene.mrb"
            assert slicer.mrmlScene.WriteToMRB(str(path))
            slicer.mrmlScene.Clear()
            assert slicer.mrmlScene.ReadFromMRB(str(path))
        node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
        again = self.logic.lesions(node)
        for name in ("kept", "adjusted", "confidence"):
            assert [getattr(lesion, name) for lesion in again] == [getattr(lesion, name) for lesion in expected], name
        np.testing.assert_allclose(
            [one.short_axis_mm for one in again], [one.short_axis_mm for one in expected], rtol=1e-4
        )

    def test_EachLabelHasASegmentAndOnlyLesionsAreListed(self):
        logic = LungTumorSegLogic(predictor=findOrganAndLesions)
        node = logic.segment(self.volume)
        segments = node.GetSegmentation()
        organ, lesions = segments.GetSegmentIDs()
        assert [segments.GetSegment(one).GetName() for one in (organ, lesions)] == ["Pancreas", "Pancreatic cancer"]
        assert len(logic.lesions(node)) == 1, "of the segment with lesions"
        assert logic.lesions(node, organ) == []
        (whole,) = logic.measure(node, segmentId=organ)["segments"]
        tissue = 12 * 22 * 32 - self.tumour.sum()
        np.testing.assert_allclose(whole["volume_ml"], tissue * np.prod(self.volume.GetSpacing()) / 1000, rtol=1e-6)
        assert logic.undo(node), "both, in one step"
        assert segments.GetNumberOfSegments() == 0
        assert logic.redo(node)
        assert logic.lesions(node, organ) == []

    def assertVolume(self, report, mask):
        millilitres = mask.sum() * np.prod(self.volume.GetSpacing()) / 1000
        np.testing.assert_allclose(report["total"]["volume_ml"], millilitres, rtol=1e-6)
